// One chain a line of JSON on standard input, one verdict a line on standard output: crypto/x509 as crypto/tls uses it.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
)

type chain struct {
	Sent    [][]byte `json:"sent"`
	Anchors [][]byte `json:"anchors"`
	Host    string   `json:"host"`
}

func verify(c chain) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, der := range c.Anchors {
		anchor, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		roots.AddCert(anchor)
	}
	var leaf *x509.Certificate
	for i, der := range c.Sent {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		if i == 0 {
			leaf = certificate
		} else {
			intermediates.AddCert(certificate)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: c.Host})
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c chain
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			err = verify(c)
		}
		message := ""
		if err != nil {
			message = err.Error()
		}
		out, _ := json.Marshal(map[string]any{"accepts": err == nil, "message": message})
		fmt.Println(string(out))
	}
}

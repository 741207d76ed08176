// A crypto/tls server, set up by flags: says what its exporter gives, and echoes.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	version := flag.String("version", "TLSv1.3", "")
	group := flag.String("group", "X25519", "")
	cert := flag.String("cert", "", "")
	key := flag.String("key", "", "")
	ca := flag.String("ca", "", "")
	alpn := flag.String("alpn", "", "")
	label := flag.String("label", "", "")
	flag.Parse()

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	must(err)
	versions := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	groups := map[string]tls.CurveID{
		"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521,
		"X25519MLKEM768": tls.X25519MLKEM768, "SecP256r1MLKEM768": 0x11eb,
	}
	config := &tls.Config{
		Certificates:     []tls.Certificate{pair},
		MinVersion:       versions[*version],
		MaxVersion:       versions[*version],
		CurvePreferences: []tls.CurveID{groups[*group]},
		NextProtos:       []string{*alpn},
	}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		must(err)
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		socket, err := listener.Accept()
		must(err)
		go func() {
			connection := tls.Server(socket, config)
			defer connection.Close()
			if connection.Handshake() != nil {
				return
			}
			state := connection.ConnectionState()
			material, err := state.ExportKeyingMaterial(*label, []byte{}, 32)
			must(err)
			fmt.Fprintf(connection, "%x\n", material)
			_, _ = io.Copy(connection, connection)
		}()
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A crypto/tls server with Encrypted ClientHello, for the public name public.test. It prints its port, the ECHConfigList to
// use and one with a key that it has not, and tells each client what it saw.
package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
)

func main() {
	cert := flag.String("cert", "", "")
	key := flag.String("key", "", "")
	p256 := flag.Bool("p256", false, "take P-256 only, so that a client's first share is refused")
	tls12 := flag.Bool("tls12", false, "speak TLS 1.2 only, which knows no ECH")
	flag.Parse()

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	must(err)
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	must(err)
	stranger, err := ecdh.X25519().GenerateKey(rand.Reader)
	must(err)
	own := echConfig(7, private.PublicKey().Bytes())
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{
			{Config: own, PrivateKey: private.Bytes(), SendAsRetry: true},
		},
	}
	if *p256 {
		config.CurvePreferences = []tls.CurveID{tls.CurveP256}
	}
	if *tls12 {
		config.MaxVersion = tls.VersionTLS12
		config.EncryptedClientHelloKeys = nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("list %x stranger %x port %d\n", vector(own), vector(echConfig(7, stranger.PublicKey().Bytes())), listener.Addr().(*net.TCPAddr).Port)
	for {
		socket, err := listener.Accept()
		must(err)
		go serve(tls.Server(socket, config))
	}
}

func serve(conn *tls.Conn) {
	defer conn.Close()
	if conn.Handshake() != nil {
		return
	}
	state := conn.ConnectionState()
	fmt.Fprintf(conn, "%s accepted=%v resumed=%v\n", state.ServerName, state.ECHAccepted, state.DidResume)
	io.Copy(io.Discard, conn)
}

// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM or ChaCha20-Poly1305; names of up to 64 bytes.
func echConfig(id byte, public []byte) []byte {
	name := "public.test"
	contents := append([]byte{id, 0, 0x20}, vector(public)...)
	contents = append(contents, vector([]byte{0, 1, 0, 1, 0, 1, 0, 3})...)
	contents = append(contents, 64, byte(len(name)))
	contents = append(contents, name...)
	contents = append(contents, 0, 0)
	return append([]byte{0xfe, 0x0d}, vector(contents)...)
}

func vector(bytes []byte) []byte {
	return append([]byte{byte(len(bytes) >> 8), byte(len(bytes))}, bytes...)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

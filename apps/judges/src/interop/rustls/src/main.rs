//! A rustls server: version, group, chain, key, the root certificate of clients or "-", application protocol, and the label of
//! the exporter whose bytes it says; then it echoes.
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let group = match args[2].as_str() {
        "X25519" => ring::kx_group::X25519,
        "P-256" => ring::kx_group::SECP256R1,
        _ => ring::kx_group::SECP384R1,
    };
    let mut provider = ring::default_provider();
    provider.kx_groups = vec![group];
    let version = if args[1] == "TLSv1.3" { &rustls::version::TLS13 } else { &rustls::version::TLS12 };
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[version]).unwrap();

    let builder = if args[5] == "-" {
        builder.with_no_client_auth()
    } else {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&args[5]).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider())).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    };
    let chain = CertificateDer::pem_file_iter(&args[3]).unwrap().map(|each| each.unwrap()).collect();
    let mut config = builder.with_single_cert(chain, PrivateKeyDer::from_pem_file(&args[4]).unwrap()).unwrap();
    config.alpn_protocols = vec![args[6].clone().into_bytes()];
    let config = Arc::new(config);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("listening on {}", listener.local_addr().unwrap().port());
    for socket in listener.incoming() {
        let config = config.clone();
        let label = args[7].clone().into_bytes();
        std::thread::spawn(move || {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket.unwrap());
            if stream.conn.complete_io(&mut stream.sock).is_err() {
                return;
            }
            let material = stream.conn.export_keying_material([0u8; 32], &label, Some(&[])).unwrap();
            let text: String = material.iter().map(|byte| format!("{byte:02x}")).collect();
            if writeln!(stream, "{text}").is_err() {
                return;
            }
            let mut buffer = [0; 16384];
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            stream.conn.send_close_notify();
            let _ = stream.flush();
        });
    }
}

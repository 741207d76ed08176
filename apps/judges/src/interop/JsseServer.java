import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** An echoing JSSE server: version, PKCS #12 file, root certificate of clients or "-", application protocol. */
public class JsseServer {
  public static void main(String[] args) throws Exception {
    char[] password = "changeit".toCharArray();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(new FileInputStream(args[1]), password);
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(keys, password);

    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    KeyStore roots = KeyStore.getInstance("PKCS12");
    roots.load(null, null);
    boolean clientAuth = !args[2].equals("-");
    if (clientAuth) {
      roots.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(new FileInputStream(args[2])));
      trust.init(roots);
    }

    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), clientAuth ? trust.getTrustManagers() : null, null);
    SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    server.setEnabledProtocols(new String[] {args[0]});
    server.setNeedClientAuth(clientAuth);
    SSLParameters parameters = server.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {args[3]});
    server.setSSLParameters(parameters);
    System.out.println("listening on " + server.getLocalPort());
    while (true) {
      SSLSocket socket = (SSLSocket) server.accept();
      Thread thread = new Thread(() -> echo(socket));
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static void echo(SSLSocket socket) {
    try (socket) {
      socket.getInputStream().transferTo(socket.getOutputStream());
    } catch (Exception ended) {
      // The client is gone, or was refused; it knows.
    }
  }
}

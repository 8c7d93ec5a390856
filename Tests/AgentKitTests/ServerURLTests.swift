import AgentKit
import BootProtocols
import Testing

@Suite struct ServerURLTests {
    @Test(arguments: [
        ("http://10.0.0.1:8987", "http://10.0.0.1:8987"), ("http://10.0.0.1:8987/", "http://10.0.0.1:8987"),
        ("HTTP://10.0.0.1", "http://10.0.0.1:80"),
    ])
    func readsAddressAndPort(text: String, canonical: String) {
        #expect(ServerURL(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "10.0.0.1:8987", "https://10.0.0.1", "http://boot.example:80", "http://10.0.0.1:0", "http://10.0.0.1:65536",
        "http://10.0.0.1:+80", "http://10.0.0.1:80/path", "http://10.0.0.1:80:80", "http://", "http://:80",
        "http://10.0.0.1:",
    ])
    func refusesWhatItCannotReach(text: String) {
        #expect(ServerURL(text) == nil)
    }
}

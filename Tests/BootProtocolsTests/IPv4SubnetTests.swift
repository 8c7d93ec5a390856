import BootProtocols
import Testing

@Suite("IPv4Subnet")
struct IPv4SubnetTests {
    @Test("CIDR text is read and written in one way", arguments: ["10.77.0.0/24", "0.0.0.0/0", "255.255.255.255/32"])
    func text(text: String) {
        #expect(IPv4Subnet(text)?.description == text)
    }

    @Test(
        "host bits, other spellings of the length and lengths that are none are refused",
        arguments: [
            "10.77.0.1/24", "10.0.0.0/+8", "10.0.0.0/08", "0.0.0.0/-0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0",
            "10.0.0.0/8/8", "10.0.0.0/ 8",
        ])
    func refused(text: String) {
        #expect(IPv4Subnet(text) == nil)
    }
}

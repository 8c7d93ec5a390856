import BootProtocols
import Testing

@Suite("MACAddressPrefix")
struct MACAddressPrefixTests {
    @Test("one to six octets, by colon or hyphen", arguments: ["dc", "dc:a6:32", "DC-A6-32", "dc:a6:32:01:02:03"])
    func reads(text: String) throws {
        let prefix = try #require(MACAddressPrefix(text))
        #expect(prefix.contains(try #require(MACAddress("dc:a6:32:01:02:03"))))
        #expect(!prefix.contains(try #require(MACAddress("dd:a6:32:01:02:03"))))
        #expect(prefix.description == text.lowercased().replacing("-", with: ":"))
    }

    @Test(
        "anything else is refused",
        arguments: ["", ":", "d", "dc:", "dca632", "dc:a6-32", "dc:a6:3", "xx", "dc:a6:32:01:02:03:04"])
    func refuses(text: String) {
        #expect(MACAddressPrefix(text) == nil)
    }
}

import BootProtocols
import Testing

@Suite("RouterAdvertisement")
struct RouterAdvertisementTests {
    /// Bytes that iPXE in QEMU took and tcpdump found right, checksum and all.
    @Test("the frame that ended a real iPXE's wait")
    func frame() throws {
        let frame = RouterAdvertisement.offeringNothing(
            from: try #require(MACAddress("8a:af:68:d4:ea:60")), to: try #require(MACAddress("52:54:00:00:09:01")))
        let expected = """
            525400000901 8aaf68d4ea60 86dd 60000000 0010 3a ff fe80000000000000 88af68fffed4ea60
            fe80000000000000 505400fffe000901 86 00 4979 00 00 0000 00000000 00000000
            """
        let text = frame.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(text == expected.filter { !$0.isWhitespace })
    }
}

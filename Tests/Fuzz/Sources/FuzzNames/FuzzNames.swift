import BootProtocols
import CapsuleFormat
import FuzzHarness

// Names as people write them: what is read is written in one way, and reads the same again.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        [
            "compute", "compute@12", "compute:stable", "52:54:00:12:34:56", "52-54-00-12-34-56", "525400123456",
            "10.77.0.1", "10.77.0.0/24", "0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/+8", "0123456789abcdef",
            String(repeating: "0a", count: 32),
        ].map { Array($0.utf8) }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        check(text, MACAddress.init(_:), keepsSpelling: false)
        check(text, IPv4Address.init(_:), keepsSpelling: true)
        check(text, { IPv4Subnet($0) }, keepsSpelling: true)
        check(text, CapsuleReference.init(_:), keepsSpelling: text.contains("@") || text.contains(":"))
        check(text, CapsuleGeneration.init(_:), keepsSpelling: true)
        check(text, CapsuleName.init(_:), keepsSpelling: true)
        check(text, KeyID.init(_:), keepsSpelling: true)
        check(text, ContentDigest.init(hex:), keepsSpelling: true)
        if let subnet = IPv4Subnet(text) {
            require(subnet.contains(subnet.hosts.lowerBound) && subnet.contains(subnet.hosts.upperBound), "\(subnet)")
        }
    }
}

/// - Parameter keepsSpelling: there is only one spelling, so the text is written as it was read.
private func check<Name: Equatable & CustomStringConvertible>(
    _ text: String, _ read: (String) -> Name?, keepsSpelling: Bool
) {
    guard let name = read(text) else { return }
    let written = name.description
    require(read(written) == name, "\(text) is written as \(written), which reads otherwise")
    require(!keepsSpelling || written.utf8.elementsEqual(text.utf8), "\(text) is written as \(written)")
}

import Testing

@testable import BootLab

@Suite struct SignatureListTests {
    @Test func aListForEachCertificate() {
        let first = [UInt8](repeating: 0x30, count: 0x102)
        let bytes = SignatureList(certificates: [first, [0x31]]).bytes
        #expect(bytes.count == 347)
        // The GUID a5c059a1-94e4-4aa7-87b5-ab155c2bf072 as UEFI 2.10, appendix A, stores it.
        let x509: [UInt8] = [161, 89, 192, 165, 228, 148, 167, 74, 135, 181, 171, 21, 92, 43, 240, 114]
        #expect(Array(bytes.prefix(16)) == x509)
        let sizes: [UInt8] = [0x2e, 1, 0, 0, 0, 0, 0, 0, 0x12, 1, 0, 0]
        #expect(Array(bytes[16..<28]) == sizes, "list, header, signature")
        #expect(Array(bytes[44..<302]) == first)
        #expect(bytes.last == 0x31)
        #expect(SignatureList(certificates: []).bytes.isEmpty)
    }
}

/// Certificates as EDK2 takes them from QEMU: an EFI_SIGNATURE_LIST for each (UEFI 2.10, 32.4.1.1).
public struct SignatureList: Hashable, Sendable {
    /// As it lies in the file.
    public let bytes: [UInt8]

    /// EFI_CERT_X509_GUID, a5c059a1-94e4-4aa7-87b5-ab155c2bf072, its first three fields in little-endian order.
    private static let x509: [UInt8] = [
        0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
    ]
    /// The owner of a signature is any GUID; EDK2 reads past it.
    private static let owner = [UInt8](repeating: 0, count: 16)
    /// GUID and three sizes of 32 bits.
    private static let headerSize = 28

    /// - Parameter certificates: X.509 in DER. They differ in length, so each is a list of its own.
    public init(certificates: [[UInt8]]) {
        var bytes: [UInt8] = []
        for certificate in certificates {
            let signature = Self.owner.count + certificate.count
            bytes += Self.x509
            for size in [Self.headerSize + signature, 0, signature] {
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: size).littleEndian) { bytes += $0 }
            }
            bytes += Self.owner + certificate
        }
        self.bytes = bytes
    }
}

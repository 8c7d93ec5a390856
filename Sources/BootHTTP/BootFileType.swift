/// Content types. UEFI's HTTP boot tells by them what it was given (UEFI 2.10, 24.7.3.4.3), and goes by the name's
/// ending where they say nothing.
enum BootFileType {
    static let bytes = "application/octet-stream"

    static func of(_ name: String) -> String {
        // Stage 1's initramfs is an .img that is no disk.
        guard !name.hasPrefix("stage1") else { return bytes }
        let name = name.lowercased()
        return byEnding.first { name.hasSuffix($0.ending) }?.type ?? bytes
    }

    private static let byEnding: [(ending: String, type: String)] = [
        (".efi", "application/efi"), (".iso", "application/vnd.efi-iso"), (".img", "application/vnd.efi-img"),
    ]
}

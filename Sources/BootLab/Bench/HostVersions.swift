/// The versions of what a measurement stands on.
public enum HostVersions {
    /// `qemu-system-x86 1:7.2…`, one line for each of the Debian packages that has a part in a boot.
    public static func packages() async throws(LabError) -> [String] {
        let names = ["qemu-system-x86", "ovmf", "ipxe", "ipxe-qemu", "dnsmasq-base", "busybox-static"]
        let query = Program("dpkg-query", ["--show", "--showformat=${Package} ${Version}\\n"] + names)
        return try await query.run().split(separator: "\n").map(String.init)
    }
}

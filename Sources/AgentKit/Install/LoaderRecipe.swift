package import DiskLayout
internal import PacketIO

/// How an installed machine starts, as its install left it: what an update of its kernel needs to know. Kept in
/// `/var/lib/perseid/loader.json` on its root.
package struct LoaderRecipe: Codable, Hashable, Sendable {
    package static let path = "/var/lib/perseid/loader.json"

    package var flavor: BootLoaderChoice.Flavor
    package var timeout: Int
    package var defaultEntry: String?
    /// Where kernel and initramfs are.
    package var bootDirectory: String
    /// The same as GRUB sees it: from the file system that holds it.
    package var loaderDirectory: String
    package var efiDirectory: String
    /// Mount points that the files above are below.
    package var mountPoints: [String]
    /// `root=UUID=… rw`
    package var root: String
    /// `console=` settings that go along where the capsule has none.
    package var console: [String]
    package var kernelRelease: String
    package var commandLine: String
    /// Of the machine's own archive at the front of each initramfs, in bytes.
    package var archiveBytes: Int64
    /// Kernels before this one, whose files may still be there.
    package var older: [String] = []

    package static func kernel(_ release: String, in directory: String) -> String { "\(directory)/vmlinuz-\(release)" }
    package static func initramfs(_ release: String, in directory: String) -> String {
        "\(directory)/initrd.img-\(release)"
    }

    package var kernelPath: String { Self.kernel(kernelRelease, in: bootDirectory) }
    package var initramfsPath: String { Self.initramfs(kernelRelease, in: bootDirectory) }

    /// Configuration files of the root.
    /// - Parameter title: `debian@7`, the menu's entry.
    package func files(title: String) -> [NetworkIdentity.File] {
        switch flavor {
        case .none: []
        case .grub2: [NetworkIdentity.File(path: "/boot/grub/grub.cfg", contents: grubConfiguration(title))]
        case .systemdBoot:
            [
                NetworkIdentity.File(
                    path: "\(efiDirectory)/loader/loader.conf",
                    contents: "default perseid.conf\ntimeout \(timeout)\n", mode: 0o755),
                NetworkIdentity.File(
                    path: "\(efiDirectory)/loader/entries/perseid.conf",
                    contents: """
                        title   \(title)
                        version \(kernelRelease)
                        linux   /perseid/vmlinuz-\(kernelRelease)
                        initrd  /perseid/initrd.img-\(kernelRelease)
                        options \(commandLine)

                        """, mode: 0o755),
            ]
        }
    }

    /// GRUB finds kernel and initramfs where grub-install(8) set its root and prefix to.
    private func grubConfiguration(_ title: String) -> String {
        var text = "# Written by Perseid.\n"
        if commandLine.contains("console=ttyS0") {
            text += "serial --unit=0 --speed=115200\nterminal_input console serial\nterminal_output console serial\n"
        }
        text += "set timeout=\(timeout)\nset default=\"\(defaultEntry ?? "0")\"\n"
        text += """
            menuentry "\(title)" {
                linux \(loaderDirectory)/vmlinuz-\(kernelRelease) \(commandLine)
                initrd \(loaderDirectory)/initrd.img-\(kernelRelease)
            }

            """
        return text
    }
}

import BootPolicy
import CapsuleStore
import Foundation

/// The boot programs that firmware loads first. They come from the distribution's packages.
enum Loaders {
    /// A file that is served, and where it comes from.
    struct Loader: Sendable {
        /// As clients ask for it.
        let name: String
        let package: String
        /// Where packages put it.
        let paths: [String]
    }

    /// All that a setting serves: what firmware is given, what that loads beside itself, and iPXE, which machines get
    /// that the setting is not for. Debian has no iPXE for arm64: machines of that kind get GRUB.
    static func files(for loader: BootLoader, _ architecture: MachineArchitecture = .amd64) -> [Loader] {
        switch (architecture, loader) {
        case (.amd64, .ipxe): ipxe
        case (.amd64, .pxelinux): ipxe + pxelinux
        case (.amd64, .grub): ipxe + [grub]
        case (.amd64, .shim): ipxe + [shim, grub]
        case (.arm64, .ipxe), (.arm64, .pxelinux), (.arm64, .grub): [grubARM64]
        case (.arm64, .shim): [shimARM64, grubARM64]
        }
    }

    /// The test of memory that `perseid boot set NODES memtest` boots. A server does without.
    static let memtest = ["efi", "bin"].map { kind in
        Loader(name: "memtest64.\(kind)", package: "memtest86+", paths: ["/boot/memtest86+x64.\(kind)"])
    }

    private static let ipxe = [
        Loader(
            name: "undionly.kpxe", package: "ipxe", paths: ["/usr/lib/ipxe/undionly.kpxe", "/boot/ipxe/undionly.kpxe"]),
        Loader(name: "snponly.efi", package: "ipxe", paths: ["/usr/lib/ipxe/snponly.efi", "/boot/ipxe/snponly.efi"]),
    ]
    private static let pxelinux = [
        Loader(name: "lpxelinux.0", package: "pxelinux", paths: ["/usr/lib/PXELINUX/lpxelinux.0"]),
        Loader(
            name: "ldlinux.c32", package: "syslinux-common", paths: ["/usr/lib/syslinux/modules/bios/ldlinux.c32"]),
    ]
    private static let shim = Loader(
        name: "shimx64.efi", package: "shim-signed", paths: ["/usr/lib/shim/shimx64.efi.signed"])
    /// The image with the network modules. shim asks for it by this name.
    private static let grub = Loader(
        name: "grubx64.efi", package: "grub-efi-amd64-signed",
        paths: ["/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"])
    private static let shimARM64 = Loader(
        name: "shimaa64.efi", package: "shim-signed", paths: ["/usr/lib/shim/shimaa64.efi.signed"])
    private static let grubARM64 = Loader(
        name: "grubaa64.efi", package: "grub-efi-arm64-signed",
        paths: ["/usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed"])

    struct Missing: Error, CustomStringConvertible {
        let loader: Loader
        let setting: String
        let architecture: MachineArchitecture
        let state: String

        var description: String {
            "no loader \(loader.name): looked for \(loader.paths.joined(separator: ", ")). Install the package "
                + "`\(loader.package)`, or unpack it into the state with `perseid loader fetch \(setting) "
                + "--architecture \(architecture.rawValue) --state \(state)`"
        }
    }

    /// Copies what is not in the state yet, each file by rename.
    static func install(
        for setting: BootLoader, _ architecture: MachineArchitecture = .amd64, in state: StateDirectory
    ) throws {
        try install(files(for: setting, architecture), of: setting.rawValue, architecture, in: state)
        let test = memtest.filter { source(of: $0, .amd64, in: state) != nil }
        try install(test, of: "memtest", .amd64, in: state)
    }

    static func install(
        _ loaders: [Loader], of setting: String, _ architecture: MachineArchitecture, in state: StateDirectory
    ) throws {
        for loader in loaders where !isInstalled(loader, in: state) {
            guard let source = source(of: loader, architecture, in: state) else {
                throw Missing(loader: loader, setting: setting, architecture: architecture, state: state.path)
            }
            let contents = try Data(contentsOf: URL(fileURLWithPath: source))
            try contents.write(to: URL(fileURLWithPath: "\(state.loaders)/\(loader.name)"), options: .atomic)
        }
    }

    static func isInstalled(_ loader: Loader, in state: StateDirectory) -> Bool {
        FileManager.default.fileExists(atPath: "\(state.loaders)/\(loader.name)")
    }

    /// The names of all files that lie there, those in directories of their own too: boards ask for theirs beneath
    /// their serial number.
    static func present(in state: StateDirectory) -> Set<String> {
        var names: Set<String> = []
        for case let path as String in FileManager.default.enumerator(atPath: state.loaders) ?? .init() {
            if let name = path.split(separator: "/").last { names.insert(String(name)) }
        }
        return names
    }

    /// Where the file is, on the host or unpacked in the state's cache.
    static func source(of loader: Loader, _ architecture: MachineArchitecture, in state: StateDirectory) -> String? {
        let unpacked = loader.paths.map { LoaderPackages(state, architecture).directory(of: loader.package) + $0 }
        return (loader.paths + unpacked).first(where: FileManager.default.isReadableFile(atPath:))
    }
}

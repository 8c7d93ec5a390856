/// What one stream of a capsule is for. A capsule has each at most once.
public enum StreamRole: String, Codable, CaseIterable, Hashable, Sendable {
    /// The root file system, without its kernel and its module tree.
    case root
    /// The whole module tree at its place, mounted as a second lower layer of the root.
    case modules
    /// The kernel, as kexec takes it.
    case kernel
    /// The modules that an early boot under `kernel` needs: a newc archive, zstd, before which stage 1 puts its own
    /// `/init` when it loads the kernel.
    case initramfs

    /// How the index writes the role.
    var code: UInt16 {
        switch self {
        case .root: 1
        case .modules: 2
        case .kernel: 3
        case .initramfs: 4
        }
    }

    init?(code: UInt16) {
        guard let role = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = role
    }
}

package import PacketIO

/// Why the handoff did not happen.
package enum HandoffProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case archive(String)
    case kexec(SystemError)
    case system(String, SystemError)

    package var description: String {
        switch self {
        case .archive(let reason): "cannot make the initramfs of the capsule's kernel: \(reason)"
        case .kexec(let error) where error.isPermissionDenied:
            "the kernel refuses kexec (\(error)): with Secure Boot it takes signed kernels only"
        case .kexec(let error): "kexec: \(error)"
        case .system(let what, let error): "\(what): \(error)"
        }
    }
}

/// The processors that stage 1 is built for, by Debian's names of them.
public enum MachineArchitecture: String, CaseIterable, Hashable, Sendable {
    /// x86-64
    case amd64
    /// AArch64
    case arm64

    /// The kernel of stage 1 unless told otherwise: it has every virtual machine's devices.
    public var cloudKernel: KernelSource { .package("linux-image-cloud-\(rawValue)") }

    /// `e_machine` of an executable (System V gABI, chapter 4).
    var elfMachine: UInt16 {
        switch self {
        case .amd64: 62
        case .arm64: 183
        }
    }
}

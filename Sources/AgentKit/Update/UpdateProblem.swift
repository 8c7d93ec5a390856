package import BootMachine
package import PacketIO

/// Why a node is not updated. Nothing of it was changed, but where the case says so.
package enum UpdateProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case order(String)
    /// A livesync for a node that runs from its disk.
    case onDisk
    /// An update for a node that does not.
    case notOnDisk
    case otherMachine(String, wants: String, is: String)
    case noRoom(String, needs: Int64, available: Int64)
    case kernel(String)
    case exclude(PathPatternError)
    case system(String, SystemError)

    package var description: String {
        switch self {
        case .order(let reason): "the order to update is refused: \(reason)"
        case .onDisk: "this node runs from its disk: `perseid update` brings that to a generation"
        case .notOnDisk: "this node runs from memory: say `perseid capsule livesync`"
        case .otherMachine(let name, let wants, let machine): "\(name) is for \(wants), this machine is \(machine)"
        case .noRoom(let place, let needs, let available):
            "nothing was changed: \(place) has \(megabytes(available)) free and \(megabytes(needs)) are needed"
        case .kernel(let reason):
            "nothing was changed: the kernel is another one, and \(reason); `perseid node install` puts it on the disk"
        case .exclude(let error): "an exclude of the order: \(error)"
        case .system(let what, let error): "\(what): \(error)"
        }
    }
}

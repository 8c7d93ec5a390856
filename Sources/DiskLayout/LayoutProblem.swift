/// Why a layout cannot be used: found by looking at it alone, or at it and a machine. Never after the first write.
public enum LayoutProblem: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// The layout contradicts itself; where, and what to do.
    case invalid(where: String, reason: String)
    /// No disk of the machine is the one that is meant.
    case noDisk(name: String, wanted: String, there: [String])
    /// Two disks of the layout mean the same one.
    case sameDisk(String, String, device: String)
    case tooSmall(disk: String, needs: UInt64, has: UInt64)
    case readOnly(disk: String)
    /// The disk has data, and the layout says to refuse that.
    case hasData(disk: String, what: [String])
    /// A partition is to be kept and is not there as the layout says.
    case cannotKeep(disk: String, partition: Int, reason: String)

    public var description: String {
        switch self {
        case .invalid(let place, let reason): "\(place): \(reason)"
        case .noDisk(let name, let wanted, let there):
            "no disk of this machine is \(name) (\(wanted)); it has "
                + (there.isEmpty
                    ? "none at all: is the controller's driver in stage 1?" : there.joined(separator: ", "))
        case .sameDisk(let first, let second, let device):
            "\(first) and \(second) of the layout are both \(device): say more of which disk is meant"
        case .tooSmall(let disk, let needs, let has):
            "\(disk) is too small: the layout needs \(needs) bytes of it, it has \(has)"
        case .readOnly(let disk): "\(disk) is read-only"
        case .hasData(let disk, let what):
            "\(disk) has data (\(what.joined(separator: ", "))), and the layout says `data: refuse`: look what it is,"
                + " then empty it by hand or say `data: erase`"
        case .cannotKeep(let disk, let partition, let reason):
            "partition \(partition) of \(disk) is to be kept, and \(reason)"
        }
    }
}

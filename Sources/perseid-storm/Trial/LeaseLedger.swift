import BootLab
import BootProtocols
import Foundation
import Registry
import RegistrySQLite

/// What the nodes of a trial were promised, to be held against what the server's registry has.
struct LeaseLedger {
    private(set) var addresses: [MACAddress: IPv4Address] = [:]
    private var holders: [IPv4Address: MACAddress] = [:]

    /// Takes the leases that a storm wrote down.
    /// - Throws: where an address was acknowledged to a second machine.
    mutating func add(fromFile path: String) throws -> Int {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var count = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let mac = MACAddress(words[0]), let address = IPv4Address(words[1]) else {
                throw LabError.system("\(path): not a lease: \(line)")
            }
            if let holder = holders[address], holder != mac {
                throw LabError.system("\(address) was acknowledged to \(holder) and to \(mac)")
            }
            addresses[mac] = address
            holders[address] = mac
            count += 1
        }
        return count
    }

    /// Holds them against a registry that no server has open.
    /// - Throws: where a lease is missing, or an address is held by two.
    func verify(registry path: String) throws {
        let leases = try SQLiteStore(path: path).load().leases
        var stored: [MACAddress: IPv4Address] = [:]
        var owners: [IPv4Address: MACAddress] = [:]
        for lease in leases {
            if let owner = owners.updateValue(lease.mac, forKey: lease.address), owner != lease.mac {
                throw LabError.system("\(lease.address) is held by \(owner) and by \(lease.mac)")
            }
            stored[lease.mac] = lease.address
        }
        let missing = addresses.filter { stored[$0.key] != $0.value }
        if let first = missing.first {
            throw LabError.system(
                "\(missing.count) of \(addresses.count) acknowledged leases are missing, \(first.value) of \(first.key) among them"
            )
        }
    }
}

import BootMachine
import BootProtocols
import Foundation
import GRDB
import Registry

// How the registry's values lie in columns. A row that does not read (a hand-edited database) is left out rather
// than trusted or trapped on.

extension MACAddress {
    var column: Int64 { Int64(value) }

    init?(column: Int64) {
        guard let value = UInt64(exactly: column), value <= 0xffff_ffff_ffff else { return nil }
        self.init(value: value)
    }
}

extension Lease {
    init?(row: Row) {
        guard let mac = MACAddress(column: row["mac"]), let address = UInt32(exactly: row["address"] as Int64) else {
            return nil
        }
        self.init(mac: mac, address: IPv4Address(value: address), expires: row["expires"])
    }
}

extension InstallState {
    init(row: Row) {
        let wishes = InstallWishes(
            afterwards: (row["afterwards"] as String?).flatMap(Afterwards.init(rawValue:)) ?? .reboot,
            breakpoints: (try? InstallStep.list(row["breakpoints"] ?? "")) ?? [])
        self.init(
            desired: row["desired"], achieved: row["achieved"], capsule: row["capsule"], requested: row["requested"],
            wishes: wishes, installed: row["installed"], credential: (row["credential"] as Data?).map(Array.init),
            nextCredential: (row["nextCredential"] as Data?).map(Array.init))
    }
}

extension Attempt {
    init?(row: Row) {
        guard let mac = MACAddress(column: row["mac"]), let state = NodeState(rawValue: row["state"]) else {
            return nil
        }
        self.init(id: row["id"], node: mac, began: row["began"], zero: row["zero"], state: state)
        failure = row["failure"]
        capsule = row["capsule"]
        bootToken = (row["bootToken"] as Data?).map(Array.init)
        agentToken = (row["agentToken"] as Data?).map(Array.init)
        lastSeen = row["lastSeen"]
        boot = (row["boot"] as String?).flatMap { try? NextBoot(text: $0) }
    }
}

extension RecordedEvent {
    init?(row: Row) {
        guard let mac = MACAddress(column: row["mac"]), let kind = BootEvent.Kind(rawValue: row["kind"]),
            let state = NodeState(rawValue: row["state"])
        else { return nil }
        let event = BootEvent(
            node: mac, kind: kind, at: row["at"],
            transport: (row["transport"] as String?).flatMap(BootEvent.Transport.init(rawValue:)),
            bytes: row["bytes"], milliseconds: row["milliseconds"], percent: row["percent"], detail: row["detail"])
        self.init(event: event, attempt: row["attempt"], state: state)
    }
}

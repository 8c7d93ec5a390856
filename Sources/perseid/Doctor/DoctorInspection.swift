import BootHTTP
import BootProtocols
import CapsuleFormat
import CapsuleStore
import ControlPlane
import Foundation
import Glibc
import PacketIO
import Registry
import RegistrySQLite

/// Looks at this host and at the state, and never fails: what cannot be seen is not known.
struct DoctorInspection: Sendable {
    let state: StateDirectory
    var interface: String?
    var httpPort: UInt16 = 8987
    /// What the default capsule of nodes is that name none.
    var defaultCapsule: String?
    /// The router that nodes are told of.
    var router: IPv4Address?

    init(state: StateDirectory) {
        self.state = state
    }

    func facts() -> DoctorFacts {
        var facts = DoctorFacts()
        facts.now = wallMilliseconds()
        facts.user = geteuid()
        facts.portHolders =
            [67, 69, 4011].flatMap { PortHolder.find(port: $0) } + PortHolder.find(port: httpPort, transport: .tcp)
        if let interface {
            facts.interfaceName = interface
            facts.interface = try? NetworkInterface.named(interface)
            facts.isRouter =
                router.map { router in
                    facts.interface?.addresses.contains { $0.address == router } ?? false
                } ?? false
            let filters = ["all", interface].compactMap { Self.number("/proc/sys/net/ipv4/conf/\($0)/rp_filter") }
            facts.reversePathFilter = filters.max()
        }
        facts.forwards = Self.number("/proc/sys/net/ipv4/ip_forward").map { $0 != 0 }
        inspectState(&facts)
        inspectCapsules(&facts)
        return facts
    }

    private func inspectState(_ facts: inout DoctorFacts) {
        facts.state = state.path
        let directory = FileStatus(of: state.path)
        facts.stateMode = directory?.permissions
        facts.stateOwner = directory?.owner
        var system = statvfs()
        if statvfs(state.path, &system) == 0 {
            facts.freeBytes = Int64(
                clamping: UInt64(system.f_bavail).multipliedFullWidth(by: UInt64(system.f_frsize)).low)
        }
        let keys = state.path + "/keys"
        let secrets = ((try? FileManager.default.contentsOfDirectory(atPath: keys)) ?? []).map { "\(keys)/\($0)" }
        facts.exposedFiles = ([state.registryPath] + secrets.filter { !$0.hasSuffix(".pub") }).filter { path in
            FileStatus(of: path).map { $0.isRegular && $0.permissions & 0o077 != 0 } ?? false
        }
    }

    private func inspectCapsules(_ facts: inout DoctorFacts) {
        guard let capsules = try? state.openCapsules() else {
            facts.stage1Problem = "the capsule store of \(state.path) cannot be opened"
            return
        }
        do {
            if let stage1 = try Stage1Builder(store: capsules).current() {
                facts.stage1Kernel = stage1.kernelRelease
                facts.stage1TrustsKey = try capsules.trustedKeys().ids.isSubset(of: stage1.trustedKeys)
            } else {
                facts.stage1Problem = "there is none in \(state.path)"
            }
        } catch {
            facts.stage1Problem = "\(error)"
        }
        guard let registry = try? state.openRegistry(), let nodes = try? registry.nodes(),
            let groups = try? GroupTree(registry.groups())
        else { return }
        let server = NodeSettings(capsule: defaultCapsule)
        var reasons: [String: String?] = [:]
        for node in nodes.map(\.node) where node.enabled {
            guard let reference = groups.settings(of: node, server: server).capsule?.value else { continue }
            if reasons[reference] == nil { reasons[reference] = .some(Self.problem(with: reference, in: capsules)) }
            if case let reason?? = reasons[reference] { facts.capsuleProblems.append((node.name, reason)) }
        }
    }

    private static func problem(with reference: String, in capsules: CapsuleStore) -> String? {
        do {
            _ = try capsules.bootable(reference)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func number(_ path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

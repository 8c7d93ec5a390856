import BootMachine
import BootProtocols
public import PowerControl
import Registry

/// `POST /api/v1/power`: what shall be done to the power of a wave of nodes.
public struct PowerRequest: Codable, Hashable, Sendable {
    /// Which ones, in the words of a selector; never none.
    public var select: [String]
    public var action: PowerAction

    public init(select: [String], action: PowerAction) {
        self.select = select
        self.action = action
    }

    /// Most nodes of one request: what a server and its network do at once.
    public static let largestWave = 128
}

extension RegistryService {
    /// Has the BMCs of some nodes do something, all at once, and says what became of each. Those that were switched on
    /// have an event of it, from which their next timeline counts.
    public func power(
        _ request: PowerRequest, by author: String, at time: Int64
    ) async throws(AdminProblem) -> [PowerReport] {
        guard !request.select.isEmpty else {
            throw .badRequest("say which nodes: names, n[001-100], rack1*, state=failed, or '*' for all")
        }
        let records = try nodes(request.select)
        guard records.count <= PowerRequest.largestWave else {
            throw .badRequest(
                "\(records.count) nodes at once are too many; \(PowerRequest.largestWave) are possible, in waves")
        }
        var targets: [PowerTarget] = []
        var reports: [PowerReport] = []
        let groups = try census().groups
        for record in records {
            do throws(PowerLack) {
                targets.append(try target(record.node, groups))
            } catch {
                reports.append(PowerReport(node: record.node.name, problem: error.text))
            }
        }
        reports += await PowerControl.perform(request.action, on: targets)
        if request.action.boots {
            let done = Set(reports.filter { $0.problem == nil }.map(\.node))
            try note(records.filter { done.contains($0.node.name) }, "\(request.action.rawValue) by \(author)", time)
        }
        return reports.sorted { $0.node < $1.node }
    }

    /// What a node lacks before its BMC can be asked anything.
    private struct PowerLack: Error {
        var text: String
    }

    private func target(_ node: Node, _ groups: GroupTree) throws(PowerLack) -> PowerTarget {
        let settings = groups.settings(of: node, server: server)
        guard let method = settings.power?.value else {
            throw PowerLack(text: "nothing says how to speak to its BMC: perseid node set \(node.name) --power ipmi")
        }
        guard let user = settings.powerUser?.value else {
            throw PowerLack(text: "its BMC has no user: perseid node set \(node.name) --power-user NAME")
        }
        let said = try? store.inventories(of: [node.mac])[node.mac]?.inventory.hardware?.bmc?.address
        guard let address = (node.bmc ?? said).flatMap({ BMCAddress($0) }) else {
            throw PowerLack(text: "nobody knows where its BMC is: perseid node set \(node.name) --bmc ADDRESS")
        }
        guard let secret = try secret(of: node, groups) else {
            throw PowerLack(text: "its BMC's password is not known: perseid power secret \(node.name)")
        }
        return PowerTarget(node: node.name, address: address, method: method, user: user, secret: secret)
    }

    /// Its own, else that of the first of its groups that has one, else that of all nodes.
    private func secret(of node: Node, _ groups: GroupTree) throws(PowerLack) -> PowerSecret? {
        let line = groups.line(of: node.groups) + [NodeGroup.everybody]
        let owners = [PowerSecrets.Owner.node(mac: node.mac.description)] + line.map { .group($0) }
        do throws(PowerSecrets.Problem) {
            return try secrets?.first(of: owners)
        } catch {
            throw PowerLack(text: "\(error)")
        }
    }

    /// Outside of any attempt: the one that it begins takes it over.
    private func note(_ records: [NodeRecord], _ text: String, _ time: Int64) throws(AdminProblem) {
        let changes = records.map { record in
            let event = BootEvent(node: record.node.mac, kind: .poweredOn, at: time, detail: text)
            return Change.event(RecordedEvent(event: event, attempt: nil, state: record.state))
        }
        try registry { () throws(RegistryError) in _ = try store.write(changes) }
    }
}

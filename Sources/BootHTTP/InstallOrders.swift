import BootMachine
import BootPolicy
import BootProtocols
import CapsuleFormat
import CapsuleStore
import FoundationEssentials
import PacketIO
import Registry

/// A server without layouts cannot install.
public struct NoLayouts: Error, CustomStringConvertible {
    public init() {}

    public var description: String { "this server has no disk layouts" }
}

// Installs of disks, as the agent asks for and reports them.

extension BootEndpoints {
    /// The attempt that a check-in is for: by the token of its boot, or by the credential of an installed machine.
    func attempt(of presented: AttemptToken, _ message: CheckIn?) -> Attempt? {
        guard let message, message.phase == .installed else { return ledger.attemptToCheckIn(with: presented) }
        return ledger.attempt(ofInstalled: message.mac, showing: presented, at: clock())
    }

    /// Adds the signed order to a plan that installs. Where that cannot be made the node waits, and says why.
    func order(_ plan: Plan, for attempt: Attempt, _ record: NodeRecord) -> Plan {
        guard plan.action == .disk, let capsule = plan.capsule, let install = record.install else { return plan }
        do {
            let layout = try layouts(record.node, capsule)
            let order = InstallOrder(
                number: install.desired, capsule: capsule, layout: layout, wishes: install.wishes,
                credential: ledger.issueCredential(for: attempt).text,
                machineID: NodeFiles.machineID(record.node.mac.description))
            let signed = try capsules.sign(
                Array(try JSONEncoder().encode(order)),
                for: SealedLayer.Recipient(attempt: attempt.id, mac: record.node.mac.description))
            var plan = plan
            plan.install = String(decoding: try JSONEncoder().encode(signed), as: UTF8.self)
            return plan
        } catch {
            refuse(record.node.mac, "install: \(error)")
            return planMaker.wait(record.node, because: "install: \(error)")
        }
    }

    /// The disk has what was asked for: event and flip to the disk are one transaction.
    func recordInstalled(_ report: AgentReport, of attempt: Attempt, at now: Int64) {
        let capsule = report.capsule.flatMap { CapsuleGeneration($0)?.description } ?? attempt.capsule ?? ""
        var detail = report.detail
        if let content = report.content { detail += RunningContent.text(content) }
        let event = BootEvent(
            node: attempt.node, kind: .installed, at: now, transport: .http, bytes: report.bytes,
            milliseconds: report.milliseconds, percent: 100, detail: detail)
        // A report that is repeated because its answer was lost says nothing new.
        if ledger.record(of: attempt.node)?.install?.achieved == report.install { return }
        guard let number = report.install, ledger.complete(order: number, capsule: capsule, event) else {
            refuse(attempt.node, "a report of an install that nobody asked for")
            return
        }
    }
}

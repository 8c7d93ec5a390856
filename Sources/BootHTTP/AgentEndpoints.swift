import BootMachine
import BootPolicy
import CapsuleFormat
import CapsuleStore
import FoundationEssentials
import PacketIO
import Registry

// The agent's side of the boot plane. What it says is hostile until its token says otherwise, and is bounded even then.

extension BootEndpoints {
    /// Most reports that one request may bring.
    static let reportLimit = 64

    func checkIn(_ request: BootRequest) -> BootAnswer {
        guard let presented = token(of: request) else { return .unauthorized }
        let read = Result { try JSONDecoder().decode(CheckIn.self, from: Data(request.body)) }
        guard let attempt = attempt(of: presented, try? read.get()) else { return .unauthorized }
        let message: CheckIn
        do {
            message = try read.get()
        } catch {
            refuse(attempt.node, "check-in: \(error)")
            return .text(400, "the check-in does not read: \(error)")
        }
        guard ledger.primary(of: message.mac) == attempt.node, let record = ledger.record(of: attempt.node) else {
            refuse(attempt.node, "check-in for \(message.mac) with this node's token")
            return .unauthorized
        }
        guard takeLayerKey(message, of: attempt) else {
            return .text(403, "this boot attempt has another key; boot again for a new attempt")
        }
        let node = record.node
        let plan = order(
            planMaker.plan(
                for: node, groups: ledger.groups, boot: attempt.boot, checkIn: message, install: record.install,
                resolve: capsules.bootable), for: attempt, record)
        let now = clock()
        ledger.record(
            BootEvent(
                // The start from a disk is on its way to `ready`, and no stage 1.
                node: node.mac, kind: message.phase == .installed ? .localBoot : .checkedIn, at: now, transport: .http,
                bytes: Int64(request.body.count),
                milliseconds: message.inventory.uptimeMilliseconds, detail: Self.summary(message, plan)))
        ledger.take(message.inventory, of: node.mac, at: now)
        let token = ledger.agentToken(for: attempt.id, presented: presented, capsule: plan.capsule)
        do {
            let reply = try JSONEncoder().encode(CheckInReply(attempt: attempt.id, token: token.text, plan: plan))
            try ledger.flush()
            return .json(200, Array(reply))
        } catch {
            return .text(503, "\(error)")
        }
    }

    func report(_ request: BootRequest) -> BootAnswer {
        guard let attempt = token(of: request).flatMap({ ledger.attempt(with: $0) }) else { return .unauthorized }
        let reports: [AgentReport]
        do {
            reports = try JSONDecoder().decode([AgentReport].self, from: Data(request.body))
        } catch {
            refuse(attempt.node, "report: \(error)")
            return .text(400, "the report does not read: \(error)")
        }
        guard reports.count <= Self.reportLimit, reports.allSatisfy({ Self.kinds.contains($0.kind) }) else {
            refuse(attempt.node, "report: too many, or of a kind that an agent may not say")
            return .text(400, "at most \(Self.reportLimit) reports, of the kinds that an agent may say")
        }
        let now = clock()
        for report in reports {
            record(report, of: attempt, at: now)
        }
        do {
            try ledger.flush()
            guard reports.contains(where: { $0.kind == .heartbeat }), attempt.state == .ready,
                let work = work(attempt.node)
            else { return .noContent() }
            return .json(200, Array(try JSONEncoder().encode(work)))
        } catch {
            return .text(503, "\(error)")
        }
    }

    private static let kinds: Set<BootEvent.Kind> = [
        .progress, .chunkRejected, .transferResumed, .installed, .handingOff, .ready, .heartbeat, .failed,
    ]

    private func record(_ report: AgentReport, of attempt: Attempt, at now: Int64) {
        if report.kind == .ready, let capsule = report.capsule, CapsuleGeneration(capsule) != nil {
            ledger.setRunning(capsule, attempt.id)
            if report.isOnDisk == true { ledger.setOnDisk(capsule, of: attempt.node) }
        }
        if report.kind == .handingOff || report.kind == .installed, let sent = traffic.take(attempt.id) {
            ledger.record(
                BootEvent(
                    node: attempt.node, kind: .fileSent, at: now, transport: .http, bytes: sent.bytes,
                    detail: "chunks of \(attempt.capsule ?? "the capsule") in \(sent.requests) ranges"))
        }
        if let hardware = report.hardware { ledger.take(hardware, of: attempt.node, at: now) }
        if report.kind == .installed { return recordInstalled(report, of: attempt, at: now) }
        let percent = report.percent.map { min(max($0, 0), 100) }
        ledger.record(
            BootEvent(
                node: attempt.node, kind: report.kind, at: now, transport: .http, bytes: report.bytes,
                milliseconds: report.milliseconds, percent: percent, detail: Self.detail(of: report)))
    }

    private static func detail(of report: AgentReport) -> String {
        guard let capsule = report.capsule else { return report.detail }
        var text = report.detail.isEmpty ? capsule : "\(capsule): \(report.detail)"
        if let content = report.content { text += RunningContent.text(content) }
        return text
    }

    /// What the machine is and what it is to do, in one line.
    private static func summary(_ message: CheckIn, _ plan: Plan) -> String {
        let inventory = message.inventory
        let machine = [
            inventory.product, inventory.firmware, inventory.secureBoot.map { "Secure Boot \($0 ? "on" : "off")" },
            "\(inventory.cpus) CPUs", "\(inventory.memoryBytes >> 20) MiB",
            "kernel \(message.kernelRelease)",
        ].compactMap { $0 }.joined(separator: ", ")
        return "\(machine); plan: \(plan.action.rawValue); " + plan.reasons.joined(separator: "; ")
    }
}

package import BootMachine

/// The agent's talk with its server: what it asks, and what it has to tell, which waits while the server is away.
package struct AgentSession: ~Copyable {
    package var api: NodeAPI
    private var queue = ReportQueue()
    let console: Console

    package init(api: consuming NodeAPI, console: Console) {
        self.api = api
        self.console = console
    }

    /// What the server asked for and nobody took yet.
    private var work: AgentWork?

    package mutating func takeWork() -> AgentWork? {
        defer { work = nil }
        return work
    }

    /// What the server does not know yet.
    package var undelivered: [AgentReport] { queue.waiting }

    /// `POST /node/v1/check-in`.
    package mutating func checkIn(_ message: CheckIn) throws(NodeAPIError) -> CheckInReply {
        let reply = try api.checkIn(message)
        // The node is on its way again: what failed before is history now, not its state.
        queue.turnFailuresIntoHistory()
        return reply
    }

    /// Tells the server, at once if it can.
    /// - Parameter transient: progress that newer progress replaces.
    package mutating func report(_ report: AgentReport, transient: Bool = false) {
        queue.add(report, transient: transient)
        flush()
    }

    /// Sends what is due.
    package mutating func flush(urgently: Bool = false) {
        while let due = queue.due(at: BootClock.milliseconds(), urgently: urgently) {
            do throws(NodeAPIError) {
                if let asked = try api.report(due) { work = asked }
            } catch {
                guard error.isRefusal, !error.isUnauthorized else {
                    if queue.failures == 0 { console.line("report not delivered, kept for later: \(error)") }
                    queue.failed(at: BootClock.milliseconds(), spread: .random(in: 0...1))
                    return
                }
                // The same bytes would be refused again, and keep everything behind them back.
                console.line("\(due.count) reports dropped, the server does not take them: \(error)")
            }
            queue.sent(due.count, at: BootClock.milliseconds())
        }
    }

    /// Tries until everything is told or `limit` milliseconds are over: before a step after which this process
    /// cannot tell anything any more.
    package mutating func deliver(within limit: Int64) {
        let end = BootClock.milliseconds() + limit
        while true {
            flush(urgently: true)
            if queue.isEmpty || BootClock.milliseconds() >= end { return }
            BootClock.sleep(milliseconds: 500)
        }
    }
}

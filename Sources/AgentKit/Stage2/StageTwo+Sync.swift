internal import BootMachine
internal import PacketIO

/// Moving to another generation's files while it runs, and telling of it.
extension StageTwo {
    /// The real sync. It has connections of its own, so that a heartbeat never waits for them.
    private var liveSync: BackgroundSync.Body {
        let (settings, token, console) = (settings, session.api.token, console)
        return { (capsule, tell) throws(StepFailure) in
            var api = NodeAPI(servers: settings.servers, token: token)
            return try LiveSync(settings: settings, console: console).run(to: capsule, through: &api, tell: tell)
        }
    }

    mutating func begin(_ work: AgentWork) {
        lastWork = work.id
        console.line("livesync to \(work.livesync)")
        do throws(SystemError) {
            sync = try BackgroundSync.start(work, syncBody ?? liveSync)
        } catch {
            finish(work, .failure(StepFailure(.start, error)))
        }
    }

    /// Tells how far the sync is, or what came of it.
    mutating func followSync() {
        guard let sync else { return }
        if let result = sync.result {
            self.sync = nil
            finish(sync.work, result)
        } else if let progress = sync.takeProgress() {
            session.report(
                AgentReport(
                    kind: .progress, percent: progress.percent, detail: AgentWork.progressMark + progress.text),
                transient: true)
        }
    }

    private mutating func finish(_ work: AgentWork, _ result: Result<LiveSync.Outcome, StepFailure>) {
        switch result {
        case .success(let outcome):
            console.line("livesync: \(outcome.summary)")
            if outcome.isWhole { takeOver(outcome) }
            session.report(
                AgentReport(
                    kind: .progress, percent: outcome.isWhole ? 100 : 99, detail: work.mark + outcome.summary))
        case .failure(let error):
            console.line("livesync: \(error)")
            session.report(AgentReport(kind: .progress, percent: 0, detail: work.mark + "failed: \(error)"))
        }
    }

    /// This is what runs now.
    private mutating func takeOver(_ outcome: LiveSync.Outcome) {
        settings.capsule = outcome.capsule
        settings.content = outcome.content
        session.report(
            AgentReport(
                kind: .ready, detail: "after a livesync", capsule: outcome.capsule, content: outcome.content))
        keepSettings()
    }
}

internal import BootMachine
internal import PacketIO

/// Moving to another generation's files while it runs, and telling of it.
extension StageTwo {
    /// The real work. It has connections of its own, so that a heartbeat never waits for them.
    private var realWork: BackgroundSync.Body {
        let (settings, token, console, attempt, key) = (settings, session.api.token, console, attempt, layerKey)
        return { (work, tell) throws(StepFailure) in
            var api = NodeAPI(servers: settings.servers, token: token)
            switch work.kind {
            case .livesync:
                return try LiveSync(settings: settings, console: console).run(
                    to: work.capsule, through: &api, tell: tell)
            case .update, .updateDryRun:
                return try DiskUpdate(settings: settings, console: console, attempt: attempt, key: key)
                    .run(work, through: &api, tell: tell)
            }
        }
    }

    mutating func begin(_ work: AgentWork) {
        lastWork = work.id
        console.line("\(work.progressMark)to \(work.capsule)")
        do throws(SystemError) {
            sync = try BackgroundSync.start(work, syncBody ?? realWork)
        } catch {
            finish(work, .failure(StepFailure(.start, error)))
        }
    }

    /// Tells how far the sync is, or what came of it.
    mutating func followSync() {
        guard let sync else { return }
        for news in sync.takeLasting() {
            console.line(sync.work.progressMark + news.text)
            session.report(AgentReport(kind: .progress, detail: sync.work.progressMark + news.text))
        }
        if let result = sync.result {
            self.sync = nil
            finish(sync.work, result)
        } else if let progress = sync.takeProgress() {
            session.report(
                AgentReport(
                    kind: .progress, percent: progress.percent, detail: sync.work.progressMark + progress.text),
                transient: true)
        }
    }

    private mutating func finish(_ work: AgentWork, _ result: Result<SyncOutcome, StepFailure>) {
        switch result {
        case .success(let outcome):
            console.line(work.progressMark + outcome.summary)
            if outcome.isWhole, work.kind != .updateDryRun { takeOver(outcome, of: work) }
            session.report(
                AgentReport(
                    kind: .progress, percent: outcome.isWhole ? 100 : 99, detail: work.mark + outcome.summary))
        case .failure(let error):
            console.line(work.progressMark + error.description)
            session.report(AgentReport(kind: .progress, percent: 0, detail: work.mark + "failed: \(error)"))
        }
    }

    /// This is what runs now.
    private mutating func takeOver(_ outcome: SyncOutcome, of work: AgentWork) {
        settings.capsule = outcome.capsule
        settings.content = outcome.content
        session.report(
            AgentReport(
                kind: .ready, detail: work.kind == .livesync ? "after a livesync" : "after an update",
                capsule: outcome.capsule, content: outcome.content, isOnDisk: isOnDisk))
        keepSettings()
    }
}

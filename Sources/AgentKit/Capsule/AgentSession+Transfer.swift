internal import BootMachine
internal import CapsuleFormat

extension AgentSession {
    /// Tells people of what happened in a transfer.
    mutating func tell(_ event: TransferEvent) {
        switch event {
        case .rejected(let chunk, let stream, let server, let times):
            let text =
                "chunk \(chunk.hex) of \(stream.rawValue) from \(server) is not what the index says"
                + " (\(times) of \(TransferLedger.rejectionLimit) times), fetching it again"
            console.line(text)
            report(AgentReport(kind: .chunkRejected, detail: text))
        case .resumed(let server, let cause, let progress):
            let text =
                "fetching goes on from \(server) with \(megabytes(progress.presentBytes)) of"
                + " \(megabytes(progress.totalBytes)) there, after: \(cause)"
            console.line(text)
            report(
                AgentReport(
                    kind: .transferResumed, bytes: progress.presentBytes, percent: progress.percent, detail: text))
        case .waiting(let pause, let cause):
            let text = "\(cause); asking again in \(seconds(pause))"
            console.line(text)
            // A server that is busy is reached all the same; whoever watches is to see why nothing moves.
            if cause.retryAfterSeconds != nil {
                report(AgentReport(kind: .progress, detail: text), transient: true)
            }
        }
    }
}

/// A step of stage 1 that did not succeed, and why, for the console and the server.
package struct StepFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Step: String, Hashable, Sendable {
        case start
        case settings
        case network
        case checkIn = "check-in"
        case capsule
        case transfer
        case root
        case script
        case handoff
        case install
        case update
    }

    package var step: Step
    package var reason: String
    /// How long the server asks to be left alone, in milliseconds.
    package var retryAfter: Int64

    package init(_ step: Step, _ problem: any Error & CustomStringConvertible, retryAfter: Int64 = 0) {
        self.step = step
        reason = problem.description
        self.retryAfter = retryAfter
    }

    package var description: String { "\(step.rawValue): \(reason)" }
}

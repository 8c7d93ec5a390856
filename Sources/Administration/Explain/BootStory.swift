public import BootMachine
public import Registry

/// What is known of one boot attempt, as the rules look at it.
public struct BootStory: Sendable {
    public var state: NodeState
    public var failure: String?
    /// Power-on where somebody recorded it, else the first DISCOVER, in milliseconds since 1970.
    public var zero: Int64
    /// In the order in which they happened.
    public var events: [BootEvent]
    public var now: Int64

    public init(_ attempt: Attempt, _ events: [RecordedEvent], now: Int64) {
        state = attempt.state
        failure = attempt.failure
        zero = attempt.zero
        self.events = events.map(\.event)
        self.now = now
    }

    /// Of events that belong to no attempt.
    public init(stray events: [BootEvent], in state: NodeState, now: Int64) {
        self.state = state
        zero = events.first?.at ?? now
        self.events = events
        self.now = now
    }

    func first(_ kind: BootEvent.Kind, _ text: String) -> BootEvent? {
        events.first { $0.kind == kind && (text.isEmpty || $0.detail.contains(text)) }
    }

    func count(_ kind: BootEvent.Kind, _ text: String) -> Int {
        events.count { $0.kind == kind && (text.isEmpty || $0.detail.contains(text)) }
    }
}

/// Something that a rule looks for. Texts are parts of events' details.
public enum BootSign: Hashable, Sendable {
    case state(Set<NodeState>)
    /// There is such an event.
    case seen(BootEvent.Kind, String = "")
    /// There is none.
    case never(BootEvent.Kind, String = "")
    case often(BootEvent.Kind, String = "", atLeast: Int)
    /// From the timeline's zero to the first such event it took longer than so many seconds.
    case lateAfterZero(BootEvent.Kind, seconds: Int64)
    /// Between the first events of two kinds there were more than so many seconds.
    case slow(BootEvent.Kind, to: BootEvent.Kind, seconds: Int64)
    /// The attempt failed with a reason that has this in it.
    case failed(String)
    /// Nothing was heard for longer than so many seconds.
    case quiet(seconds: Int64)
    /// After the first event of the one kind there is none of the other.
    case notAfter(BootEvent.Kind, BootEvent.Kind, String = "")

    func holds(of story: BootStory) -> Bool {
        switch self {
        case .state(let states): return states.contains(story.state)
        case .seen(let kind, let text): return story.first(kind, text) != nil
        case .never(let kind, let text): return story.first(kind, text) == nil
        case .often(let kind, let text, let count): return story.count(kind, text) >= count
        case .lateAfterZero(let kind, let seconds):
            return story.first(kind, "").map { $0.at - story.zero > seconds * 1000 } ?? false
        case .slow(let from, let to, let seconds):
            guard let start = story.first(from, ""), let end = story.first(to, "") else { return false }
            return end.at - start.at > seconds * 1000
        case .failed(let text):
            return story.failure?.contains(text) ?? false || story.first(.failed, text) != nil
        case .quiet(let seconds):
            return story.now - (story.events.last?.at ?? story.zero) > seconds * 1000
        case .notAfter(let kind, let other, let text):
            guard let start = story.events.firstIndex(where: { $0.kind == kind }) else { return false }
            return !story.events[start...].contains {
                $0.kind == other && (text.isEmpty || $0.detail.contains(text))
            }
        }
    }
}

/// One rule of the boot doctor: where all signs are there, this is the likely cause.
public struct BootRule: Sendable {
    /// Short, for programs: `pool-exhausted`.
    public var name: String
    public var signs: [BootSign]
    /// What happened.
    public var cause: String
    /// What to do.
    public var advice: String

    func holds(of story: BootStory) -> Bool { signs.allSatisfy { $0.holds(of: story) } }
}

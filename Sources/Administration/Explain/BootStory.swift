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

    /// When the machine was heard of last. What time alone brings is no word of it.
    var lastHeard: Int64 {
        events.last { ![.timedOut, .heartbeatMissed].contains($0.kind) }?.at ?? zero
    }

    func first(_ kind: BootEvent.Kind, _ text: String) -> BootEvent? {
        events.first { $0.kind == kind && (text.isEmpty || $0.detail.contains(text)) }
    }

    func count(_ kind: BootEvent.Kind, _ text: String) -> Int {
        events.count { $0.kind == kind && (text.isEmpty || $0.detail.contains(text)) }
    }
}

/// Something that a rule looks for. Texts are parts of events' details.
public indirect enum BootSign: Hashable, Sendable {
    /// All of these, or one of these.
    case all([BootSign])
    case any([BootSign])
    case state(Set<NodeState>)
    /// There is such an event.
    case seen(BootEvent.Kind, String = "")
    /// The last event of its kind is such a one: what it said before is overcome.
    case latest(BootEvent.Kind, String)
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
    /// Since the first such event more than so many seconds have passed.
    case since(BootEvent.Kind, seconds: Int64)

    func holds(of story: BootStory) -> Bool {
        switch self {
        case .all(let signs): return signs.allSatisfy { $0.holds(of: story) }
        case .any(let signs): return signs.contains { $0.holds(of: story) }
        case .state(let states): return states.contains(story.state)
        case .seen(let kind, let text): return story.first(kind, text) != nil
        case .latest(let kind, let text):
            return story.events.last { $0.kind == kind }?.detail.contains(text) ?? false
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
            return story.now - story.lastHeard > seconds * 1000
        case .since(let kind, let seconds):
            return story.first(kind, "").map { story.now - $0.at > seconds * 1000 } ?? false
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

    /// The rules that hold, the likely cause first. Of a node that is ready that is what is said first: what hindered it
    /// on its way follows. What is true of many boots is said where nothing else is.
    public static func findings(in story: BootStory) -> [BootRule] {
        let found = all.filter { $0.holds(of: story) }
        let causes = found.filter { !general.contains($0.name) }
        if story.state == .ready { return found.filter { $0.name == ready } + causes }
        return causes.isEmpty ? found : causes
    }

    static let ready = "ready"
    private static let general: Set = [ready, "refused", "failed", "under-way"]
}

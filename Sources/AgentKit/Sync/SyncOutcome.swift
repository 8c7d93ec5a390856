/// What came of moving a node that runs to another generation.
package struct SyncOutcome: Hashable, Sendable {
    package var capsule: String
    /// SHA-256 of the index in hex.
    package var content: String
    /// Whether the node is at that generation now.
    package var isWhole: Bool
    package var summary: String

    package init(capsule: String, content: String, isWhole: Bool, summary: String) {
        self.capsule = capsule
        self.content = content
        self.isWhole = isWhole
        self.summary = summary
    }
}

/// How far it is.
package struct SyncProgress: Hashable, Sendable {
    /// 0...100 of the step that takes longest by far, the fetching; nil in the others.
    package var percent: Int?
    package var text: String
    /// Kept in the timeline, whatever comes after it.
    package var isLasting: Bool

    package init(_ text: String, percent: Int? = nil, isLasting: Bool = false) {
        self.text = text
        self.percent = percent
        self.isLasting = isLasting
    }
}

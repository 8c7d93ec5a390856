import BootProtocols

/// What is remembered of one machine.
struct ClientRecord: Hashable, Sendable {
    var conversation: Conversation?
    var answer: GivenAnswer?
    var pace = ClientPace()
}

/// The machines heard last. Bounded: the oldest go when too many new ones come.
struct ClientMemory: Sendable {
    /// Records held are at most twice as many.
    private let generationSize: Int
    private var recent: [MACAddress: ClientRecord] = [:]
    private var older: [MACAddress: ClientRecord] = [:]

    init(generationSize: Int = 8192) {
        self.generationSize = generationSize
    }

    var count: Int { recent.count + older.count }

    subscript(mac: MACAddress) -> ClientRecord? { recent[mac] ?? older[mac] }

    /// One look-up more than to read: whoever is heard moves to the newer half.
    mutating func keep(_ record: ClientRecord, of mac: MACAddress) {
        if recent.count >= generationSize, recent[mac] == nil {
            older = recent
            // As many will come again: a table that grows step by step is written anew at each step.
            recent = Dictionary(minimumCapacity: generationSize)
        }
        recent[mac] = record
    }

    /// Forgets the answer of one machine.
    mutating func forgetAnswer(to mac: MACAddress) {
        guard var record = self[mac], record.answer != nil else { return }
        record.answer = nil
        keep(record, of: mac)
    }
}

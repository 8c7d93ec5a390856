import BootProtocols
import Testing

@testable import DHCPService

@Suite("ClientMemory: conversations")
struct ClientMemoryTests {
    private func message(_ transactionID: UInt32, _ type: DHCPMessageType = .discover, mac: UInt64 = 1) -> DHCPMessage {
        var message = DHCPMessage(.request, transactionID: transactionID, mac: MACAddress(value: mac))
        message.options.messageType = type
        return message
    }

    /// Hears a message and acknowledges it, with a loader or without.
    private func acknowledge(_ memory: inout ClientMemory, _ message: DHCPMessage, loader: Bool, at now: Int64) {
        var (conversation, _) = memory.conversation(of: message, at: now)
        conversation.isAcknowledged = true
        if loader { conversation.loaderGiven = now }
        memory.update(conversation, of: message.mac)
    }

    @Test("one transaction ID is one conversation, up to its ACK")
    func sameID() {
        var memory = ClientMemory()
        let (first, isNew) = memory.conversation(of: message(7), at: 0)
        #expect(isNew && !first.isChained)
        memory.update(first, of: MACAddress(value: 1))
        #expect(!memory.conversation(of: message(7), at: 5000).isNew)
        #expect(!memory.conversation(of: message(7, .request), at: 5000).isNew)
        #expect(memory.conversation(of: message(8), at: 5000).isNew)
        #expect(memory.conversation(of: message(7, mac: 2), at: 5000).isNew)
        #expect(memory.conversation(of: message(7), at: 120_000).isNew)
    }

    @Test("after the ACK a repeated REQUEST belongs to the conversation, a DISCOVER opens another")
    func afterACK() {
        var memory = ClientMemory()
        acknowledge(&memory, message(7, .request), loader: true, at: 0)
        #expect(!memory.conversation(of: message(7, .request), at: 10).isNew)
        #expect(!memory.conversation(of: message(7, .request), at: 10).0.isChained)
        let (next, isNew) = memory.conversation(of: message(7), at: 10)
        #expect(isNew && next.isChained)
    }

    @Test("who asks within two minutes of a loader is that loader, also when it asks again")
    func chained() {
        var memory = ClientMemory()
        acknowledge(&memory, message(7, .request), loader: true, at: 0)
        acknowledge(&memory, message(8, .request), loader: false, at: 60_000)
        #expect(memory.conversation(of: message(9), at: 119_999).0.isChained)
        #expect(!memory.conversation(of: message(9), at: 120_000).0.isChained)
        #expect(!memory.conversation(of: message(9, mac: 2), at: 10).0.isChained)
    }

    @Test("who got a script and no loader is what it was")
    func notChained() {
        var memory = ClientMemory()
        acknowledge(&memory, message(7, .request), loader: false, at: 0)
        #expect(!memory.conversation(of: message(8), at: 10).0.isChained)
    }

    @Test("memory is bounded, and the machines heard last are remembered")
    func bounded() {
        var memory = ClientMemory(generationSize: 100)
        for number in 0..<100_000 as Range<UInt64> {
            acknowledge(&memory, message(7, .request, mac: number), loader: true, at: 0)
        }
        #expect(memory.count <= 200)
        #expect(memory.conversation(of: message(8, mac: 99_999), at: 1).0.isChained)
        #expect(memory.conversation(of: message(8, mac: 99_950), at: 1).0.isChained)
        #expect(!memory.conversation(of: message(8, mac: 5), at: 1).0.isChained)
    }
}

@Suite("EventBudget")
struct EventBudgetTests {
    @Test("lets a burst through, then a steady few, and recovers")
    func budget() {
        var budget = EventBudget()
        #expect((0..<1000).count { _ in budget.take(at: 0) } == 256)
        #expect((1...1000).count { budget.take(at: Int64($0) * 60) } == 256)
        #expect((0..<1000).count { _ in budget.take(at: 10_000_000) } == 256)
    }

    @Test("a clock that is set back closes it for one event at most")
    func clockSetBack() {
        var budget = EventBudget()
        let taken = [1_000_000_000, 0, 1].map { budget.take(at: $0) }
        #expect(taken == [true, false, true])
    }
}

extension ClientMemory {
    fileprivate func conversation(of message: DHCPMessage, at now: Int64) -> (Conversation, isNew: Bool) {
        Conversation.of(message, after: self[message.mac]?.conversation, at: now)
    }

    fileprivate mutating func update(_ conversation: Conversation, of mac: MACAddress) {
        var record = self[mac] ?? ClientRecord()
        record.conversation = conversation
        keep(record, of: mac)
    }
}

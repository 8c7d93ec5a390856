import BootProtocols
import Glibc
import PacketIO
import Testing

/// An array literal alone would be of Int.
private func octets(_ values: [UInt8]) -> [UInt8] { values }

private let loopback = IPv4Address(value: 0x7f00_0001)

/// Waits until `socket` has something and takes it; every entry is origin and payload.
private func receive(_ socket: borrowing UDPSocket, atLeast wanted: Int) throws -> [(DatagramOrigin, [UInt8])] {
    var batch = ReceiveBatch(capacity: 8, datagramSize: 2048)
    let poller = try Poller(waker: Waker())
    try poller.add(socket.descriptor, token: 1)
    var found: [(DatagramOrigin, [UInt8])] = []
    while found.count < wanted {
        var ready = false
        try poller.wait(milliseconds: 5000) { _, _ in ready = true }
        try #require(ready, "\(found.count) of \(wanted) datagrams came")
        _ = try socket.receive(into: &batch)
        batch.forEachDatagram { found.append(($0, $1.withUnsafeBytes(Array.init))) }
    }
    return found
}

@Test func aDatagramSaysWhereItCameFromAndWhereItArrived() throws {
    let server = try UDPSocket(.init(port: 0))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    let other = IPv4Address(value: 0x7f00_0007)
    try client.send(octets([1, 2, 3]).span.bytes, to: IPv4Endpoint(other, port: server.local.port))
    let found = try receive(server, atLeast: 1)
    let lo = try NetworkInterface.named("lo")
    #expect(found[0].1 == [1, 2, 3])
    #expect(
        found[0].0
            == DatagramOrigin(
                source: client.local, destination: other, localAddress: other, interfaceIndex: lo.index))
}

@Test func aSocketThatAsksIsToldWhenADatagramArrived() throws {
    let server = try UDPSocket(.init(address: loopback, port: 0, timestamps: true))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    let before = wallMilliseconds()
    try client.send(octets([1]).span.bytes, to: server.local)
    let arrived = try #require(try receive(server, atLeast: 1).first?.0.arrived)
    // The kernel's clock has another grain.
    #expect((before - 20...wallMilliseconds() + 20).contains(arrived))
}

@Test func theAnswerLeavesFromTheAddressAsked() throws {
    let server = try UDPSocket(.init(port: 0))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    let other = IPv4Address(value: 0x7f00_0007)
    try server.send(octets([9]).span.bytes, to: client.local, from: other)
    let found = try receive(client, atLeast: 1)
    #expect(found[0].0.source == IPv4Endpoint(other, port: server.local.port))
}

@Test func anEmptyAndACutDatagramAreToldApart() throws {
    let server = try UDPSocket(.init(address: loopback, port: 0))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    try client.send([UInt8]().span.bytes, to: server.local)
    try client.send([UInt8](repeating: 7, count: 3000).span.bytes, to: server.local)
    let found = try receive(server, atLeast: 2)
    #expect(found.map(\.1.count) == [0, 2048])
    #expect(found.map(\.0.isTruncated) == [false, true])
}

@Test(arguments: [1, 2, 5, 64, 65, 150])
func segmentsArriveAsDatagrams(count: Int) throws {
    let server = try UDPSocket(.init(address: loopback, port: 0, bufferSize: 4 << 20))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    let size = 1004
    let bytes = (0..<(count * size - 4)).map { UInt8(truncatingIfNeeded: $0 / size) }
    #expect(try client.send(bytes.span.bytes, segmentSize: size, to: server.local) == bytes.count)
    let found = try receive(server, atLeast: count)
    #expect(found.count == count)
    #expect(found.flatMap(\.1) == bytes)
    #expect(found.last?.1.count == size - 4)
}

@Test func segmentsTooLargeForOneCallGoOneByOne() throws {
    // Two of 40000 bytes are over the length of one datagram, which bounds a call.
    let server = try UDPSocket(.init(address: loopback, port: 0))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    let bytes = [UInt8](repeating: 5, count: 80_000)
    #expect(try client.send(bytes.span.bytes, segmentSize: 40_000, to: server.local) == bytes.count)
    #expect(try receive(server, atLeast: 2).count == 2)
}

@Test func aBatchLeavesInOrderAndIsEmptyAfter() throws {
    let server = try UDPSocket(.init(address: loopback, port: 0))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    var batch = SendBatch(capacity: 5, datagramSize: 16)
    for index in 0..<6 {
        let added = batch.append(to: server.local) { buffer in
            buffer[0] = UInt8(index)
            return 1
        }
        #expect(added == (index < 5))
    }
    #expect(client.send(&batch) == 5)
    #expect(batch.count == 0)
    #expect(try receive(server, atLeast: 5).map(\.1) == [[0], [1], [2], [3], [4]])
}

@Test func oneDatagramThatCannotLeaveDoesNotKeepBackTheOthers() throws {
    let server = try UDPSocket(.init(address: loopback, port: 0))
    let client = try UDPSocket(.init(address: loopback, port: 0))
    var batch = SendBatch(capacity: 3, datagramSize: 16)
    batch.append(to: server.local) { _ in 1 }
    batch.append(to: IPv4Endpoint(.broadcast, port: 9)) { _ in 1 }
    batch.append(to: server.local) { _ in 2 }
    var errors: [SystemError] = []
    #expect(client.send(&batch) { errors.append($0) } == 2)
    #expect(errors.count == 1)
    #expect(try receive(server, atLeast: 2).map(\.1.count) == [1, 2])
}

@Test func aTakenPortIsToldByNumberAndHolder() throws {
    let first = try UDPSocket(.init(address: loopback, port: 0))
    let error = try #require(throws: SystemError.self) {
        _ = try UDPSocket(.init(address: loopback, port: first.local.port))
    }
    #expect(error.isAddressInUse)
    #expect(error.description == "UDP \(first.local): Address already in use (bind)")
    let holders = PortHolder.find(port: first.local.port)
    #expect(holders.map(\.processID) == [getpid()])
    #expect(holders.first?.description.contains("process \(getpid())") == true)
}

@Test func aHolderIsNamedOnceWhileOtherSocketsComeAndGo() throws {
    let first = try UDPSocket(.init(address: loopback, port: 0))
    let waker = try Waker()
    let churn = try LoopThread(name: "churn", waker: waker) {
        while !waker.isStopRequested { _ = (0..<100).map { _ in try? Held(.init(address: loopback, port: 0)) } }
    }
    defer { churn.stop() }
    for _ in 0..<200 { #expect(PortHolder.find(port: first.local.port).map(\.processID) == [getpid()]) }
}

@Test func aFreePortHasNoHolder() throws {
    let port: UInt16
    do {
        let socket = try UDPSocket(.init(address: loopback, port: 0))
        port = socket.local.port
    }
    #expect(PortHolder.find(port: port).isEmpty)
}

@Test func anUnknownInterfaceIsRefused() throws {
    let error = try #require(throws: SystemError.self) {
        _ = try UDPSocket(.init(port: 0, interface: "no-such-if0"))
    }
    #expect(error.context == "UDP port 0 on no-such-if0")
}

/// A socket that a list can hold.
private final class Held {
    let socket: UDPSocket
    init(_ options: UDPSocket.Options) throws { socket = try UDPSocket(options) }
}

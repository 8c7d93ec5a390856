import FuzzHarness

@testable import CapsuleStore

// Tar archives on arbitrary bytes, in pieces of any size: names stay inside, contents are as long as their entry says,
// and the pieces make no difference.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let end = [UInt8](repeating: 0, count: 1024)
        let plain = block("etc/hosts", type: "0", size: 5) + padded(Array("hosts".utf8))
        let pax = padded(Array("19 path=a/b/c/name\n21 SCHILY.xattr.u.x=1\n20 mtime=1234.5678\n".utf8))
        return [
            plain + end, block("d/", type: "5", size: 0) + block("l", type: "2", size: 0, link: "/x") + end,
            block("PaxHeader", type: "x", size: 60) + pax + plain + end,
            block("././@LongLink", type: "L", size: 300) + padded([UInt8](repeating: 0x61, count: 300)) + plain + end,
            block("h", type: "1", size: 0, link: "etc/hosts") + block("n", type: "3", size: 0) + end,
            block("PaxHeader", type: "g", size: 18) + padded(Array("18 uid=1234567890\n".utf8)) + plain + end,
        ]
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        // A checksum that fits lets the fuzzer get behind it.
        let archive = bytes.first == 0xFF ? sealed(Array(bytes.dropFirst())) : bytes
        let whole = read(archive, pieces: archive.count)
        require(whole == read(archive, pieces: 100), "pieces of 100 bytes read otherwise")
    }
}

private struct Reading: Equatable {
    var members: [TarMember] = []
    var contents: [Int64] = []
    var error: TarError?
}

private func read(_ archive: [UInt8], pieces size: Int) -> Reading {
    var reading = Reading()
    var reader = TarReader()
    do throws(TarError) {
        var rest = archive[...]
        while !rest.isEmpty {
            for event in try reader.receive(Array(rest.prefix(max(1, size)))) { take(event, &reading) }
            rest = rest.dropFirst(max(1, size))
        }
        try reader.finish()
        check(reading, isWhole: true)
    } catch {
        require(!error.description.isEmpty, "an error without words")
        require(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "control characters in an error")
        reading.error = error
        check(reading, isWhole: false)
        // What came before the error depends on where the pieces end.
        return Reading(error: error)
    }
    return reading
}

private func take(_ event: TarReader.Event, _ reading: inout Reading) {
    switch event {
    case .member(let member):
        reading.members.append(member)
        reading.contents.append(0)
    case .contents(let bytes):
        require(!reading.contents.isEmpty && !bytes.isEmpty, "contents of nothing")
        if let last = reading.contents.popLast() { reading.contents.append(last + Int64(bytes.count)) }
    }
}

private func check(_ reading: Reading, isWhole: Bool) {
    for (member, length) in zip(reading.members, reading.contents) {
        let parts = member.path.components
        require(parts.allSatisfy { !$0.isEmpty && $0 != [0x2E] && $0 != [0x2E, 0x2E] }, "\(member.path) leads away")
        require(parts.allSatisfy { !$0.contains(0) && !$0.contains(0x2F) }, "\(member.path) is no name")
        require(member.permissions <= 0o7777 && member.size >= 0, "\(member) has odd numbers")
        require(length <= member.size, "\(member) is longer than it says")
        if isWhole { require(length == member.size, "\(member) is shorter than it says") }
        if member.path.last?.starts(with: Whiteout.prefix) == true, let whiteout = try? Whiteout(member.path.last ?? [])
        {
            if case .name(let name) = whiteout {
                require(TreePath.root.appending(name) != nil, "a whiteout of \(name)")
            }
        }
    }
}

/// The archive with the checksum that each block has, where it looks like a header.
private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var start = 0
    while start + 512 <= bytes.count {
        if bytes[start] != 0 { seal(&bytes, start) }
        start += 512
    }
    return bytes
}

private func seal(_ bytes: inout [UInt8], _ start: Int) {
    for index in (start + 148)..<(start + 156) { bytes[index] = 0x20 }
    let sum = bytes[start..<(start + 512)].reduce(0) { $0 + Int($1) }
    let digits = Array(String(sum, radix: 8).utf8)
    for (offset, digit) in ([UInt8](repeating: 0x30, count: max(0, 6 - digits.count)) + digits + [0]).enumerated() {
        bytes[start + 148 + offset] = digit
    }
}

private func block(_ name: String, type: Character, size: Int, link: String = "") -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ start: Int) {
        for (offset, byte) in text.utf8.enumerated() { block[start + offset] = byte }
    }
    put(name, 0)
    put("0000644", 100)
    put(String(size, radix: 8), 124)
    put("17", 136)
    put(String(type), 156)
    put(link, 157)
    put("ustar", 257)
    seal(&block, 0)
    return block
}

private func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
}

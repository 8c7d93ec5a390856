import Testing

@testable import CapsuleStore

@Suite struct TarReaderTests {
    /// All events, the archive given in pieces of `size` bytes; contents that follow one another put together.
    private func read(_ archive: [UInt8], pieces size: Int = 512) throws(TarError) -> [(TarMember, [UInt8])] {
        var reader = TarReader()
        var members: [(TarMember, [UInt8])] = []
        var rest = archive[...]
        while !rest.isEmpty {
            for event in try reader.receive(Array(rest.prefix(size))) {
                switch event {
                case .member(let member): members.append((member, []))
                case .contents(let bytes): if !members.isEmpty { members[members.count - 1].1 += bytes }
                }
            }
            rest = rest.dropFirst(size)
        }
        try reader.finish()
        return members
    }

    @Test(arguments: [1, 7, 511, 512, 513, 100_000])
    func piecesOfAnySizeGiveTheSame(size: Int) throws {
        var tar = TarFixture()
        tar.add(.init(name: "./etc/", type: "5", mode: "0000755"))
        tar.add("etc/hosts", String(repeating: "x", count: 1300))
        tar.add("etc/empty")
        tar.addPax([("path", "a/" + String(repeating: "ä", count: 100)), ("mtime", "12.75"), ("uid", "70000")])
        tar.add("short", "abc")
        tar.add("etc/localtime", type: "2", link: "/usr/share/zoneinfo/UTC")
        tar.add("etc/again", type: "1", link: "./etc/hosts")
        tar.add(.init(name: "dev/null", type: "3", major: "0000001", minor: "0000003"))
        let members = try read(tar.archive, pieces: size)
        #expect(members.map(\.0.path.text).prefix(3) == ["etc", "etc/hosts", "etc/empty"])
        #expect(members.map(\.1.count) == [0, 1300, 0, 3, 0, 0, 0])
        #expect(members[3].0.path.components.last == Array(String(repeating: "ä", count: 100).utf8))
        #expect(members[3].0.modified == 12)
        #expect(members[3].0.owner == 70000)
        #expect(members[4].0.kind == .symbolicLink(target: Array("/usr/share/zoneinfo/UTC".utf8)))
        #expect(members[5].0.kind == .hardLink(target: try TreePath(Array("etc/hosts".utf8))))
        #expect(members[6].0.kind == .characterDevice(major: 1, minor: 3))
    }

    @Test func gnuAndOldNamesAreRead() throws {
        var tar = TarFixture()
        let long = String(repeating: "d/", count: 90) + "file"
        tar.add(.init(name: "././@LongLink", type: "L"), Array(long.utf8) + [0])
        tar.add(.init(name: "d/d", magic: Array("ustar  \u{0}".utf8), prefix: "not a prefix"), [1, 2])
        tar.add(.init(name: "old/", type: "\u{0}", magic: []))
        tar.add(.init(name: "name", prefix: "in/front"))
        let members = try read(tar.archive).map(\.0)
        #expect(members.map(\.path.text) == [long, "old", "in/front/name"])
        #expect(members[1].kind == .directory)
    }

    @Test func numbersInBase256AreRead() throws {
        var block = TarFixture.header(.init(name: "large", size: "00000000000"))
        block.replaceSubrange(124..<136, with: [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0])
        block.replaceSubrange(136..<148, with: [UInt8](repeating: 0xFF, count: 12))
        let header = try TarHeader(TarFixture.sealed(block), offset: 0)
        #expect(header.size == 8 << 30)
        #expect(header.modified == -1)
    }

    @Test func attributesAreKept() throws {
        var tar = TarFixture()
        tar.addPax([("SCHILY.xattr.user.one", "1"), ("SCHILY.xattr.user.two", "zwei"), ("comment", "x")])
        tar.add("file")
        tar.add("other")
        let members = try read(tar.archive).map(\.0)
        #expect(members[0].attributes.map(\.name) == ["user.one", "user.two"])
        #expect(members[1].attributes.isEmpty)
    }

    @Test(arguments: [
        ("/etc/passwd", "absolute"), ("../evil", ".."), ("a/../../evil", ".."), ("a/..", ".."),
        (String(repeating: "x/", count: 49) + "..", ".."), ("", "no name"),
    ])
    func namesThatLeadOutsideAreRefused(name: String, reason: String) throws {
        var tar = TarFixture()
        tar.add("good", "x")
        tar.add(name, "x")
        let error = #expect(throws: TarError.self) { try read(tar.archive) }
        guard case .refused(let member, let words) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(member == name)
        #expect(words.contains(reason))
    }

    @Test(arguments: ["/etc/passwd", "../evil", "a/../../b"])
    func hardLinksThatLeadOutsideAreRefused(target: String) throws {
        var tar = TarFixture()
        tar.add("link", type: "1", link: target)
        let error = #expect(throws: TarError.self) { try read(tar.archive) }
        #expect(error?.description.contains("'link'") == true)
        #expect(error?.description.contains(target) == true)
    }

    @Test func hiddenNamesOfExtendedHeadersAreCheckedToo() throws {
        for path in ["../evil", "/evil", "a/\u{0}b"] {
            var tar = TarFixture()
            tar.addPax([("path", path)])
            tar.add("innocent", "x")
            #expect(throws: TarError.self) { try read(tar.archive) }
        }
    }

    @Test func truncatedArchivesAreRefusedAtEveryByte() throws {
        var tar = TarFixture()
        tar.add("first", String(repeating: "1", count: 600))
        tar.addPax([("path", "second")])
        tar.add("x", "2")
        for length in 0..<tar.bytes.count {
            let error = #expect(throws: TarError.self) { try read(Array(tar.bytes.prefix(length)), pieces: 4096) }
            if length > 512 + 10, length < 512 + 600 {
                #expect(error == .truncated(offset: Int64(length), member: "first"))
            }
        }
    }

    @Test func lyingSizesAreRefused() throws {
        var tar = TarFixture()
        tar.add(.init(name: "short", size: "77777777777"), [1, 2, 3])
        #expect(throws: TarError.truncated(offset: Int64(tar.archive.count), member: "short")) { try read(tar.archive) }
        var negative = TarFixture.header(.init(name: "n"))
        negative.replaceSubrange(124..<136, with: [UInt8](repeating: 0xFF, count: 12))
        #expect(throws: TarError.self) { try TarHeader(TarFixture.sealed(negative), offset: 0) }
        var directory = TarFixture()
        directory.add(.init(name: "d/", type: "5"), [1])
        #expect(throws: TarError.self) { try read(directory.archive) }
        var pax = TarFixture()
        pax.addPax([("size", "99999999999999999999")])
        pax.add("x")
        #expect(throws: TarError.self) { try read(pax.archive) }
        var huge = TarFixture()
        huge.add(.init(name: "PaxHeader", type: "x", size: "77777777777"))
        #expect(throws: TarError.self) { try read(huge.archive) }
    }

    @Test func flippedBitsOfHeadersAreSeen() throws {
        var tar = TarFixture()
        tar.add("first", "1")
        tar.add("second", "2")
        for bit in stride(from: 1024 * 8, to: (1024 + 345) * 8, by: 13) {
            var bytes = tar.archive
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TarError.self, "bit \(bit)") { try read(bytes) }
        }
    }

    @Test func sparseFilesAndUnknownKindsAreRefusedByName() throws {
        for type in ["S", "M", "V", "D", "9"] as [Character] {
            var tar = TarFixture()
            tar.add("odd", type: type)
            let error = #expect(throws: TarError.self) { try read(tar.archive) }
            #expect(error?.description.contains("'odd'") == true)
        }
        var pax = TarFixture()
        pax.addPax([("GNU.sparse.major", "1"), ("GNU.sparse.name", "odd")])
        pax.add("x")
        #expect(throws: TarError.self) { try read(pax.archive) }
    }

    @Test func whatIsNoArchiveIsSaidSo() throws {
        #expect(throws: TarError.notTar) { try read([]) }
        #expect(throws: TarError.notTar) { try read(Array("no tar file".utf8)) }
        #expect(throws: TarError.notTar) { try read(deterministicBytes(4096, seed: 3)) }
        #expect(throws: TarError.notTar) { try read([UInt8](repeating: 0, count: 1024)) }
    }

    @Test func namesInErrorsHoldNoControlCharacters() throws {
        var tar = TarFixture()
        tar.add("../\u{1b}[2Jevil", "x")
        let error = #expect(throws: TarError.self) { try read(tar.archive) }
        #expect(error?.description.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
    }
}

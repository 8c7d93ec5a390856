import BootProtocols
import Testing

@Suite("ByteReader")
struct ByteReaderTests {
    @Test("reads fields in network order and counts them")
    func fields() {
        var reader = ByteReader([1, 2, 3, 4, 5, 6, 7, 10, 0, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 9])
        #expect(reader.uint8() == 1)
        #expect(reader.uint16() == 0x0203)
        #expect(reader.uint32() == 0x0405_0607)
        #expect(reader.ipv4Address()?.description == "10.0.0.1")
        #expect(reader.macAddress()?.description == "52:54:00:12:34:56")
        #expect(reader.offset == 17)
        #expect(reader.slice(1) == [9])
        #expect(reader.remaining == 0)
    }

    @Test("a read past the end gives nil and takes nothing")
    func pastTheEnd() {
        var reader = ByteReader([1, 2, 3])
        #expect(reader.uint32() == nil)
        #expect(reader.slice(4) == nil)
        #expect(reader.slice(-1) == nil)
        #expect(reader.macAddress() == nil)
        #expect(reader.remaining == 3)
        #expect(reader.slice(3) == [1, 2, 3])
        #expect(reader.uint8() == nil)
        #expect(reader.uint16() == nil)
    }

    @Test("a reader of a slice stays within the slice")
    func slice() {
        let bytes: [UInt8] = [1, 2, 3, 4]
        var reader = ByteReader(bytes[1..<3])
        #expect(reader.remaining == 2)
        #expect(reader.uint8() == 2)
        #expect(reader.offset == 1)
        #expect(reader.uint16() == nil)
        #expect(reader.uint8() == 3)
        #expect(reader.uint8() == nil)
    }
}

@Suite("ByteWriter")
struct ByteWriterTests {
    @Test("writes fields in network order and pads")
    func fields() throws {
        var writer = ByteWriter()
        writer.write(1 as UInt8)
        writer.write(0x0203 as UInt16)
        writer.write(0x0405_0607 as UInt32)
        writer.write(try #require(IPv4Address("10.0.0.1")))
        writer.write(try #require(MACAddress("52:54:00:12:34:56")))
        writer.pad(to: 19)
        writer.pad(to: 3)
        #expect(writer.bytes == [1, 2, 3, 4, 5, 6, 7, 10, 0, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0, 0])
    }
}

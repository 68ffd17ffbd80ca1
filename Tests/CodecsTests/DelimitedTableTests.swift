import Codecs
import Testing

struct DelimitedTableTests {
    private static func text(_ separator: DelimitedTable.Separator, _ cells: [String]) -> String {
        var bytes: [UInt8] = []
        DelimitedTable(separator).append(cells, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `cells are quoted as RFC 4180 says, and only where they must be`() {
        #expect(Self.text(.comma, ["a", "1.5", "", "µm²"]) == "a,1.5,,µm²\n")
        #expect(Self.text(.comma, ["a,b", "5\" net", "two\nlines", "cr\r"]) == "\"a,b\",\"5\"\" net\",\"two\nlines\",\"cr\r\"\n")
        #expect(Self.text(.comma, [""]) == "\"\"\n" && Self.text(.comma, ["", ""]) == ",\n")
    }

    @Test func `tabs separate as in any TSV of ours`() {
        #expect(Self.text(.tab, ["a,b", "5\" net", "t\tab"]) == "a,b\t5\" net\t\"t\tab\"\n")
    }

    @Test func `formulas stay what they are`() {
        #expect(Self.text(.comma, ["=1+1", "-2", "@x"]) == "=1+1,-2,@x\n")
    }
}

import Codecs
import Testing

struct TSVTests {
    private func cells(_ text: String) -> [[String]] { TSV(bytes: Array(text.utf8)).rows.map(\.cells) }

    @Test func `rows and cells are told apart with either line end`() {
        #expect(cells("a\tb\n1\t2\n") == [["a", "b"], ["1", "2"]])
        #expect(cells("a\tb\r\n1\t2\r\n") == [["a", "b"], ["1", "2"]])
        #expect(cells("a\tb\n1\t") == [["a", "b"], ["1", ""]])
        #expect(cells("a\t\t\n\n\nx") == [["a", "", ""], ["x"]])
        #expect(cells("") == [])
    }

    @Test func `quotes follow the rules of CSV`() {
        #expect(cells("\"a\tb\"\t\"say \"\"hi\"\"\"\n") == [["a\tb", "say \"hi\""]])
        #expect(cells("5\" net\t\"two\nlines\"\n") == [["5\" net", "two\nlines"]])
        #expect(cells("\"ab\"c\td") == [["abc", "d"]])
    }

    @Test func `a quote that is never closed is noted with its line`() {
        let table = TSV(bytes: Array("a\tb\n1\t2\n3\t\"oops\n5\t6\n7\t8\n".utf8))
        #expect(table.unclosedQuote == 3)
        #expect(table.rows.count == 3)
    }

    @Test func `rows know their line although cells hold line breaks`() {
        #expect(TSV(bytes: Array("a\n\"b\nc\"\nd\n\ne".utf8)).rows.map(\.line) == [1, 2, 4, 6])
    }

    @Test func `the encoding is recognised`() {
        #expect(TSV(bytes: [0xef, 0xbb, 0xbf] + Array("é".utf8)).encoding == .utf8WithBOM)
        #expect(TSV(bytes: Array("é".utf8)).rows[0].cells == ["é"])
        let latin1 = TSV(bytes: [0xe9, 0x0a])
        #expect(latin1.encoding == .latin1 && latin1.rows[0].cells == ["é"])
        #expect(TSV(bytes: Array("É".utf8), latin1WithoutMark: true).rows[0].cells == ["Ã\u{89}"])
    }

    @Test func `what is written is read back`() {
        let rows = [["a", "b\"c", "\"q\" w"], ["tab\there", "line\nbreak", "cr\rhere"], ["", "", "ü → 日本"], [""], ["=1+1", " x ", "\"\""]]
        var table = TSV(rows: [])
        for (index, cells) in rows.enumerated() { table.rows.append(TSV.Row(line: index + 1, cells: cells)) }
        let bytes = table.encoded()
        #expect(bytes.starts(with: TSV.byteOrderMark))
        // The row of one empty cell reads as an empty line, which every reader skips.
        #expect(TSV(bytes: bytes).rows.map(\.cells) == rows.filter { $0 != [""] })
    }

    @Test func `only cells that need it are quoted`() {
        #expect(String(decoding: TSV(rows: [TSV.Row(line: 1, cells: ["5\" net", "plain", "\"x\""])]).encoded(byteOrderMark: false), as: UTF8.self) == "5\" net\tplain\t\"\"\"x\"\"\"\n")
    }
}

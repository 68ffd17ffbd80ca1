import Codecs
import Foundation

/// What was read as a table comes back from its own file.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let table = TSV(bytes: Array(UnsafeBufferPointer(start: data, count: count)))
    let again = TSV(bytes: table.encoded())
    guard table.unclosedQuote != nil || again.rows.map(\.cells) == table.rows.map(\.cells) else { fatalError("a table changed") }
    return 0
}

exit(runFuzzer(fuzz))

import Foundation
import Nodes
import Operations
import Raster
import Testing

@Suite struct StitchTableTests {
    private func stitched() async throws -> StitchedFrames {
        let scan = DrawnScan(rows: 1, columns: 3, width: 120, height: 90, seed: 2)
        return try await StitchedFrames.given(
            scan.input, positions: [Displacement(x: 0, y: 4.25), Displacement(x: 110.5, y: 0), nil], settings: StitchSettings(), work: PlainWork())
    }

    @Test func `what is written can be given back`() async throws {
        let bytes = StitchTable.tsv(try await stitched())
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("file\tx_px\ty_px\tstate\tgain\t"))
        let back = try StitchTable.positions(bytes)
        #expect(back == ["frame0.png": Displacement(x: 0, y: 4.25), "frame1.png": Displacement(x: 110.5, y: 0), "frame2.png": nil])
        #expect(StitchTable.json(try await stitched())["width_px"]?.numberValue == 231)
    }

    @Test(arguments: ["tile,y,x\na.png,7,-3.5\n", "file;x_px;y_px\r\na.png;-3.5;7\r\n", "name\ty\tx\textra\n\"a.png\"\t7\t-3.5\tno\n\n"])
    func `tables of other programs are read`(text: String) throws {
        #expect(try StitchTable.positions(Array(text.utf8)) == ["a.png": Displacement(x: -3.5, y: 7)])
    }

    @Test(arguments: [
        ("", "line 1 of the table of positions: it is empty"), ("file\tx_px\n", "it needs the columns file, x_px and y_px, but has file, x_px"),
        ("file,x,y\na.png,1\n", "line 2 of the table of positions: it has 2 cells, the header 3"), ("file,x,y\n\na.png,left,2\n", "line 3"),
        ("file,x,y\na.png,nan,2\n", "no position"), ("file,x,y\na,1,2\na,3,4\n", "a comes twice"),
    ])
    func `what is wrong is said with its line`(text: String, part: String) {
        #expect { try StitchTable.positions(Array(text.utf8)) } throws: { "\($0)".contains(part) }
    }
}

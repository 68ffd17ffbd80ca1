import Codecs
import Nodes
import Testing

@Suite struct StitchPlacesTests {
    private func cell(_ row: Int, _ column: Int) -> StitchPrior.Cell { .init(row: row, column: column) }

    @Test(arguments: [
        ["frame_000_r00_c00.jpg", "frame_001_r00_c01.jpg", "frame_002_r01_c01.jpg", "frame_003_r01_c00.jpg"], ["Row1Col4.tif", "Row1Col5.tif", "Row2Col5.tif", "Row2Col4.tif"],
        ["a_x3_y7.png", "a_x4_y7.png", "a_x4_y8.png", "a_x3_y8.png"], ["tile_00_00.png", "tile_00_01.png", "tile_01_01.png", "tile_01_00.png"],
        ["s 12/r=0_c=0.png", "s 12/r=0_c=1.png", "s 12/r=1_c=1.png", "s 12/r=1_c=0.png"],
    ])
    func `rows and columns are found in names`(names: [String]) {
        #expect(StitchPlaces.cells(names) == [cell(0, 0), cell(0, 1), cell(1, 1), cell(1, 0)])
    }

    @Test(arguments: [
        ["frame1.png", "frame2.png", "frame3.png"], ["IMG_20260401_001.jpg", "IMG_20260402_002.jpg", "IMG_20260403_003.jpg"], ["a.png", "b.png"],
        ["x1_y1.png", "x1_y1.tif"], [], ["r0_c0.png"], ["m_001_10.png", "m_002_20.png", "m_003_30.png"],
    ])
    func `running numbers are no rows and columns`(names: [String]) { #expect(StitchPlaces.cells(names) == nil) }

    @Test func `a pattern says where they stand`() throws {
        let pattern = try FileNamePattern("{scan}-{column:d}of9-{row:d}")
        #expect(StitchPlaces.cells(["k-3of9-12.png", "other.png"], pattern: pattern) == [cell(12, 3), nil])
    }

    @Test func `rows follow each other, to and fro if so said`() {
        #expect(StitchPlaces.cells(count: 5, columns: 2, toAndFro: false, startsRight: false) == [cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1), cell(2, 0)])
        #expect(StitchPlaces.cells(count: 5, columns: 2, toAndFro: true, startsRight: false) == [cell(0, 0), cell(0, 1), cell(1, 1), cell(1, 0), cell(2, 0)])
        #expect(StitchPlaces.cells(count: 4, columns: 2, toAndFro: true, startsRight: true) == [cell(0, 1), cell(0, 0), cell(1, 0), cell(1, 1)])
    }
}

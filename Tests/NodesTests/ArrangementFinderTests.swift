import Codecs
import Foundation
import Nodes
import Operations
import Raster
import Testing

@Suite struct ArrangementFinderTests {
    private let scan: DrawnScan = {
        var style = DrawnScan.Style()
        style.perMegapixel = 300
        return DrawnScan(rows: 3, columns: 4, width: 400, height: 300, seed: 12, style: style)
    }()
    private let snake = [0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11]

    private func find(_ order: [Int], named: [StitchPrior.Cell]?, stage: StitchPrior? = nil) async throws -> StitchedFrames {
        try await ArrangementFinder(DrawnScan.input(order.map { scan.images[$0] }), named: named, stage: stage, settings: StitchSettings(), work: PlainWork()).layout()
    }

    private func expectPlaced(_ stitched: StitchedFrames, _ order: [Int], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let origin = try #require(stitched.positions[0]) - scan.truth[order[0]]
        for (place, index) in order.enumerated() {
            let position = try #require(stitched.positions[place], "\(stitched.reasons)", sourceLocation: sourceLocation)
            #expect((position - scan.truth[index] - origin).length < 1, "frame \(index)", sourceLocation: sourceLocation)
        }
    }

    @Test func `names that most neighbours bear out are believed`() async throws {
        let stitched = try await find(Array(0..<12), named: scan.cells)
        try expectPlaced(stitched, Array(0..<12))
        let words = try #require(stitched.arrangement)
        #expect(words.hasPrefix("the frames lie by the numbers in the names, 3 rows of 4 (1") && stitched.warnings.isEmpty, "\(words)")
        #expect(stitched.support?.implied == 17)
    }

    @Test func `a running number taken for columns of one row is found to go to and fro`() async throws {
        let stitched = try await find(snake, named: (0..<12).map { .init(row: 0, column: $0) })
        try expectPlaced(stitched, snake)
        let arrangement = try #require(stitched.arrangement)
        #expect(arrangement.contains("row by row, to and fro, 4 in a row"), "\(arrangement)")
        #expect(arrangement.contains("not taken: by the numbers in the names, 1 row of 12 fits only"), "\(arrangement)")
        #expect(stitched.warnings.isEmpty)
    }

    @Test func `without names the order is found: columns from below`() async throws {
        let order = [8, 4, 0, 9, 5, 1, 10, 6, 2, 11, 7, 3]
        let stitched = try await find(order, named: nil)
        try expectPlaced(stitched, order)
        #expect(stitched.arrangement?.contains("column by column, from below, 3 in a column") == true, "\(stitched.arrangement ?? "")")
    }

    @Test func `rows counted from below and swapped numbers are found out`() async throws {
        let upward = try await find(Array(0..<12), named: scan.cells.map { .init(row: 2 - $0.row, column: $0.column) })
        try expectPlaced(upward, Array(0..<12))
        let order = [3, 9, 0, 7, 5, 1, 11, 4, 2, 10, 8, 6]
        let swapped = try await find(order, named: order.map { .init(row: $0 % 4, column: $0 / 4) })
        try expectPlaced(swapped, order)
        #expect(swapped.arrangement?.contains("rows and columns swapped") == true, "\(swapped.arrangement ?? "")")
    }

    @Test func `where neither names nor order tell, every frame is compared with every other`() async throws {
        let order = [5, 0, 10, 3, 8, 1, 6, 11, 2, 9, 4, 7]
        let stitched = try await find(order, named: (0..<12).map { .init(row: $0 / 4, column: $0 % 4) })
        #expect(stitched.arrangement?.contains("every frame was compared with every other") == true, "\(stitched.arrangement ?? "")")
        // What little a frame shares with others may leave some out; none lies wrong.
        let placed = stitched.states.indices.filter { stitched.states[$0] == .measured }
        #expect(placed.count >= 8 && stitched.states.allSatisfy { $0 != .expected })
        let origin = try #require(stitched.positions[placed[0]]) - scan.truth[order[placed[0]]]
        for place in placed { #expect((try #require(stitched.positions[place]) - scan.truth[order[place]] - origin).length < 1) }
    }

    @Test func `names stay where overlaps are empty and nothing speaks against them, with a warning`() async throws {
        let blank = DrawnScan(rows: 2, columns: 3, width: 300, height: 240, seed: 4, style: { var style = DrawnScan.Style(); style.perMegapixel = 0; return style }())
        let stitched = try await ArrangementFinder(blank.input, named: blank.cells, stage: nil, settings: StitchSettings(), work: PlainWork()).layout()
        #expect(stitched.states.allSatisfy { $0 == .expected } && stitched.arrangement?.contains("by the numbers in the names") == true)
        #expect(stitched.warnings.count == 1 && stitched.warnings[0].hasPrefix("only 0 of 7 neighbours by the arrangement"), "\(stitched.warnings)")
    }

    @Test(arguments: [0, 1, 2])
    func `next to no frames`(count: Int) async throws {
        let stitched = try await find(Array(0..<count), named: nil)
        #expect(stitched.states.count == count && (count != 1 || stitched.states == [.measured]))
    }

    @Test func `numbers of a real scan to and fro, read as one row, do not misplace its tiles`() async throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("shared/data").path
        guard let text = try? String(contentsOfFile: "\(folder)/oracle/stitch_positions.csv", encoding: .utf8) else {
            FileHandle.standardError.write(Data("SKIPPED: no stitch_positions.csv in \(folder)/oracle\n".utf8))
            return
        }
        let rows = text.split(whereSeparator: \.isNewline).dropFirst().map { $0.split(separator: ",").map(String.init) }
        let truth = rows.map { Displacement(x: Double($0[4])!, y: Double($0[3])!) }
        let names = rows.map { $0[0] }
        let files = names.map { "\(folder)/stitch-brain/\($0)" }
        let input = StitchInput(
            frames: try zip(names, files).map { name, file in
                let header = try ImageFile.header(path: file)
                return .init(name: name, width: header.width, height: header.height, channels: header.channels, bitsPerSample: header.bitsPerSample)
            }, pixels: { try ImageFile.decode(path: files[$0]) }, rows: { try ImageFile.rows(path: files[$0]) })
        let named = try #require(StitchPlaces.cells(names))
        #expect(Set(named.map(\.row)).count == 1)
        let stitched = try await ArrangementFinder(input, named: named, stage: nil, settings: StitchSettings(), work: PlainWork()).layout()
        #expect(stitched.arrangement?.contains("row by row, to and fro, 9 in a row") == true, "\(stitched.arrangement ?? "")")
        func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        let found = try stitched.positions.map { try #require($0) }
        let shift = Displacement(x: middle(zip(found, truth).map { $0.x - $1.x }), y: middle(zip(found, truth).map { $0.y - $1.y }))
        for (place, known) in zip(found, truth) { #expect((place - known - shift).length < 2) }
    }
}

import Codecs
import Raster
import Testing

struct COCOPolygonTests {
    struct Case: Sendable {
        let width, height: Int
        let polygon: [Double]
        let text: String
        let area: Int

        init(_ width: Int, _ height: Int, _ polygon: [Double], _ text: String, _ area: Int) {
            (self.width, self.height, self.polygon, self.text, self.area) = (width, height, polygon, text, area)
        }
    }

    /// `mask.frPyObjects` and `mask.area` of pycocotools 2.0, random corners inside and outside of the frame, many crossing themselves.
    static let reference: [Case] = [
        .init(41, 49, [21.22, 18.09, 10.43, 19.47, -0.47, -0.51], "01a11O1O001N2O1O1O1O1O00O001O1O1O1O1N2O001OSn0", 115),
        .init(49, 5, [51.95, 1.78, 32.88, 7.72, 9.9, 6.87], "e414000000000000000O1000000000O1000O01000N", 25),
        .init(48, 51, [23.62, 28.67, 33.54, 12.47, 0.28, 47.14], "g71a1000O101O000000001O000000001O000000001OO1O100O100O1O010Obg0", 96),
        .init(26, 15, [18.73, 15.8, 24.84, 15.32, 4.27, -2.61], "Y32>0000001O000O101O000000O1O001O1O`0", 54),
        .init(47, 43, [23.68, 31.23, 20.14, 18.98, 7.77, 36.15, 14.22, 8.54, 39.73, 12.67, 13.77, 36.19, 4.9, 21.85], "]71[10O2O0mNOj081GUO0i04WOLe09YOJa0:]OJ>b01FAH?7CG>8CG>7EG<8EG=8;4TOCb0`0ZOBe0>4O1O2O0O1O1O1O1O1O2N1O1O100O1O]:", 376),
        .init(5, 20, [-0.4, 21.73, -2.84, 7.39, 7.27, 21.35, -2.06, 11.46, 6.29, 3.24, 1.05, 16.28], "93218140EL73LM212OH", 26),
        .init(15, 42, [6.74, 6.31, 1.66, 15.74, 10.46, 35.3, -0.75, 15.26, 11.54, 31.24, 10.34, 26.4, 4.91, 42.17, 13.77, 44.6], "l11U13lNNP19L3N0VOD>OH`0L@730<IA26;4D0a0L\\OM04i0IYO;m0N5K_1", 164),
        .init(42, 38, [35.82, 39.18, 4.34, 10.96, 31.22, 14.69, 37.69, -2.96, 16.26, 15.49, 23.56, 24.78, 20.02, 38.14], "Y61U11O100O001O1O1O1O1O10ISO4l0KVO5n000OIL^O33N00N2N13N01H57L55JL73HN91GO:0E1<NC3>LA5?K@6a0I^O8c0G\\O7h0HXO5l003LW7", 272),
        .init(38, 55, [40.51, 49.34, 5.26, 47.56, 33.22, 5.53, 3.92, 29.15, 14.82, 12.75, 0.23, 27.0], "a22d11O2N000`NM`0O;3VOO>O;2WO1;O=OYO48N>N[O450?K]O72O`0J^O800a0G@;MOb0FA<K0k00UO0j0OXO1g0O[O0d0O_O0`00A0?ND1;OF19NJ15OL13N02OM23ML63IM92FM<3CM?2ALa04^OLd03[OLg04XOLj03=01O1O001O`N", 475),
        .init(23, 32, [0.08, 4.42, 22.07, 9.98, 5.08, 32.27, 9.97, 30.81, -1.34, 15.26, -2.92, 14.28], "5<d02N1O2O0O1H_OOc0N^O2c0L]O6c0I]O7a0L^O4a06O2M2O1O1N3N1O1N2O2N1Og0", 293),
    ]

    @Test(arguments: reference) func `polygons fill the pixels that pycocotools fills`(given: Case) throws {
        let mask = try COCOPolygon.mask(given.polygon, width: given.width, height: given.height)
        #expect(String(decoding: RunLengthMask.text(RunLengthMask.counts(mask, width: given.width, height: given.height)), as: UTF8.self) == given.text)
        #expect(mask.area == given.area)
    }

    @Test func `whole-numbered rectangles are exact`() throws {
        let mask = try COCOPolygon.mask([1, 1, 4, 1, 4, 3, 1, 3], width: 6, height: 5)
        #expect(mask.tight == Mask(bounds: Rect(x: 1, y: 1, width: 3, height: 2), sortedRuns: [Run(y: 1, first: 1, last: 3), Run(y: 2, first: 1, last: 3)]))
    }

    @Test func `coordinates of no image and endless outlines are refused`() {
        #expect(throws: RunLengthPolygonError.coordinate) { try COCOPolygon.mask([0, 0, .nan, 1, 2, 2], width: 5, height: 5) }
        #expect(throws: RunLengthPolygonError.coordinate) { try COCOPolygon.mask([0, 0, 1e300, 1, 2, 2], width: 5, height: 5) }
        let far = (0..<40).flatMap { [$0 % 2 == 0 ? 0.0 : 9e6, Double($0)] }
        #expect(throws: RunLengthPolygonError.tooLong) { try COCOPolygon.mask(far, width: 5, height: 5) }
    }

    @Test func `nothing is filled where there is no frame`() throws {
        #expect(try COCOPolygon.mask([0, 0, 4, 0, 4, 4], width: 0, height: 0).isEmpty)
        #expect(try COCOPolygon.mask([], width: 4, height: 4).isEmpty)
    }
}

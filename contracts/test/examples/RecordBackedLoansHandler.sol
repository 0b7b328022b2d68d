// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../../src/AnchorRegistry.sol";
import {RecordBackedLoans} from "../../src/examples/RecordBackedLoans.sol";
import {VM} from "../Vm.sol";
import {RecordTree} from "./RecordTree.sol";

/// @notice Plays random calls by lenders, borrowers and strangers and keeps its own account of the money.
contract RecordBackedLoansHandler {
    struct Opened {
        uint256 id;
        address lender;
        address borrower;
        uint64 index;
        uint64 expiry;
        uint256 amount;
        bool closed;
    }

    bytes32 private constant ORIGIN_HASH = bytes32(uint256(1));
    uint64 private constant SIZE = 7;

    RecordBackedLoans public immutable loans;
    uint256 public deposited;
    uint256 public lent;
    uint256 public returned;

    /// @notice What somebody achieved without the right to it; empty as long as all is well.
    string public violation;

    AnchorRegistry private immutable _registry;
    Opened[] private _opened;
    mapping(uint64 index => uint256 count) private _loansOn;
    address[2] private _lenders = [address(0xA0), address(0xA1)];
    address[3] private _borrowers = [address(0xB0), address(0xB1), address(0xB2)];
    uint64 private _now = 1_000_000;

    constructor() {
        VM.warp(_now);
        _registry = new AnchorRegistry(ORIGIN_HASH, address(0), address(this));
        _registry.anchor(SIZE, RecordTree.root(0, SIZE));
        address[] memory lenders = new address[](2);
        (lenders[0], lenders[1]) = (_lenders[0], _lenders[1]);
        loans = new RecordBackedLoans(lenders);
    }

    function opened() external view returns (Opened[] memory) {
        return _opened;
    }

    function openOffer(uint256 who, uint64 index, uint256 amount, uint64 life) external {
        Opened memory offer = Opened({
            id: 0,
            lender: _lenders[who % 2],
            borrower: _borrowers[who % 3],
            index: index % SIZE,
            expiry: _now + life % 100,
            amount: 1 + amount % 1 ether,
            closed: false
        });
        bytes32 digest = RecordTree.digest(offer.index);
        VM.deal(offer.lender, offer.amount);
        VM.prank(offer.lender);
        offer.id = loans.open{value: offer.amount}(offer.borrower, _registry, ORIGIN_HASH, SIZE, digest, offer.expiry);
        _opened.push(offer);
        deposited += offer.amount;
    }

    /// @dev By the borrower with the right proof: succeeds exactly if the offer is open, in time and on a free record.
    function release(uint256 choice) external {
        if (_opened.length == 0) {
            return;
        }
        Opened storage offer = _opened[choice % _opened.length];
        bytes32[] memory proof = RecordTree.path(offer.index, 0, SIZE);
        bool due = !offer.closed && _now <= offer.expiry && _loansOn[offer.index] == 0;
        VM.prank(offer.borrower);
        try loans.release(offer.id, offer.index, SIZE, proof) {
            if (!due) {
                violation = "a loan was paid out that was not due";
            }
            offer.closed = true;
            _loansOn[offer.index] += 1;
            lent += offer.amount;
        } catch {
            if (due) {
                violation = "a loan that was due was refused";
            }
        }
    }

    function releaseWithoutRight(uint256 choice, uint256 who, uint64 index, bytes32 noise) external {
        if (_opened.length == 0) {
            return;
        }
        Opened memory offer = _opened[choice % _opened.length];
        bytes32[] memory proof = RecordTree.path(index % SIZE, 0, SIZE);
        address caller = who % 2 == 0 ? offer.borrower : _borrowers[(who / 2) % 3];
        if (caller == offer.borrower && index % SIZE == offer.index) {
            proof[0] = noise; // The right borrower and record with a wrong proof.
        }
        VM.prank(caller);
        try loans.release(offer.id, index % SIZE, SIZE, proof) {
            violation = "a loan was paid out without a proof or to another";
        } catch {}
    }

    function withdraw(uint256 choice) external {
        if (_opened.length == 0) {
            return;
        }
        Opened storage offer = _opened[choice % _opened.length];
        bool due = !offer.closed && _now > offer.expiry;
        uint256 before = offer.lender.balance;
        try loans.withdraw(offer.id) {
            if (!due || offer.lender.balance != before + offer.amount) {
                violation = "money was taken back that was not due";
            }
            offer.closed = true;
            returned += offer.amount;
        } catch {
            if (due) {
                violation = "a lender did not get the money back";
            }
        }
    }

    function letTimePass(uint64 time) external {
        _now += time % 60;
        VM.warp(_now);
    }
}

#include "hand_cases.hpp"
#include "support/catch.hpp"

// Token pools. With hand_steps(): dense(t) = 100 + 10 t, decode attention = summed context, prefill
// attention = chunk * past. Blocks hold 4 tokens.

namespace headroom::reference {
namespace {

TEST_CASE("continuous batching prefills whole prompts together, then decodes together",
          "[reference][continuous]") {
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 100)}),
                               Demand().add(0, 0, tokens(5, 3)).add(0, 0, tokens(7, 2)));
  const RequestRecord& a = run.records[0];
  const RequestRecord& b = run.records[1];
  CHECK(a.first_token == Ticks{220});   // dense(12)
  CHECK(b.finish == Ticks{220 + 134});  // dense(2) + (5 + 1) + (7 + 1)
  CHECK(a.finish == Ticks{354 + 117});  // dense(1) + (6 + 1)
  CHECK(a.last_token == a.finish);
  CHECK(a.made_tokens == 3);
  const GapSummary& gaps = run.counts.gaps[0];
  CHECK(gaps.count == 3);
  CHECK(gaps.sum == 134 + 134 + 117);
  CHECK(gaps.min == 117);
  CHECK(gaps.max == 134);
  CHECK(run.counts.pools[0].steps == 3);
}

TEST_CASE("an oversized prompt is prefilled first of its step, alone, while decodes stand still",
          "[reference][continuous]") {
  const auto run = run_by_hand(
      hand_cell({token_pool(BatchMode::kContinuous, 10, 100)}),
      Demand().add(0, 0, tokens(8, 3)).add(0, 50, tokens(12, 1)).add(0, 60, tokens(3, 1)));
  CHECK(run.records[0].first_token == Ticks{180});      // dense(8)
  CHECK(run.records[1].first_scheduled == Ticks{180});  // 12 > 10, but the first always fits
  CHECK(run.records[1].finish == Ticks{400});           // 180 + dense(12)
  CHECK(run.records[2].first_scheduled == Ticks{400});
  CHECK(run.records[2].finish == Ticks{530});              // 400 + dense(3)
  CHECK(run.records[0].finish == Ticks{530 + 119 + 120});  // dense(1) + 9, dense(1) + 10
  CHECK(run.counts.gaps[0].max == 530 + 119 - 180);
}

TEST_CASE("cached tokens cost no prefill but their blocks are held", "[reference][continuous]") {
  // 10 tokens in 3 blocks of 4, so a second one of 2 blocks does not fit in 4.
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 4)}),
                               Demand().add(0, 0, tokens(10, 1, 6)).add(0, 0, tokens(5, 1)));
  CHECK(run.records[0].finish == Ticks{164});  // dense(4) + 4 * 6
  CHECK(run.records[1].first_scheduled == Ticks{164});
}

TEST_CASE("prefills count against max_batch together with those that decode",
          "[reference][continuous]") {
  PoolConfig pool = token_pool(BatchMode::kContinuous, 100, 100);
  pool.max_batch = 2;
  const auto run =
      run_by_hand(hand_cell({pool}),
                  Demand().add(0, 0, tokens(1, 2)).add(0, 0, tokens(1, 1)).add(0, 0, tokens(1, 1)));
  CHECK(run.records[2].first_scheduled == Ticks{120});  // dense(2): the second has left
  CHECK(run.records[2].finish == Ticks{230});           // 120 + dense(1)
  CHECK(run.records[0].finish == Ticks{230 + 112});     // dense(1) + 2
}

TEST_CASE("the last admitted of the lowest tier is preempted and recomputes what it had",
          "[reference][continuous][preemption]") {
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 4)}),
                               Demand().add(0, 0, tokens(4, 8)).add(0, 0, tokens(4, 8)));
  const RequestRecord& a = run.records[0];
  const RequestRecord& b = run.records[1];
  // Prefill dense(8) = 180; four decodes of 120 + contexts (10, 12, 14, 16): 310, 442, 576, 712.
  // At 712 each holds 2 blocks with 8 tokens; the first needs a third: the second goes.
  CHECK(a.finish == Ticks{712 + 119 + 120 + 121});
  CHECK(b.preemptions == 1);
  // 9 tokens need 3 blocks: not before the first has left at 1072; dense(9) = 190, then 120, 121.
  CHECK(b.time_in_queue == Ticks{1072 - 712});
  CHECK(b.first_scheduled == Ticks{0});
  CHECK(b.first_token == Ticks{180});
  CHECK(b.finish == Ticks{1072 + 190 + 120 + 121});
  CHECK(b.made_tokens == 8);
  CHECK(run.counts.gaps[0].count == 14);
  CHECK(run.counts.gaps[0].max == 1072 + 190 - 712);
  CHECK(run.counts.pools[0].block_peak == 4);
}

TEST_CASE("where prefix caching keeps them, a victim finds the blocks that nobody took",
          "[reference][continuous][preemption]") {
  PoolConfig pool = token_pool(BatchMode::kContinuous, 100, 4);
  pool.reuse_preempted = true;
  const auto run =
      run_by_hand(hand_cell({pool}), Demand().add(0, 0, tokens(4, 8)).add(0, 0, tokens(4, 8)));
  const RequestRecord& b = run.records[1];
  // As above up to 1072. The second left two full blocks with 8 tokens; the first took one, which
  // held the later four. So 4 of its 9 tokens are found: dense(5) + 5 x 4, then 120, 121.
  CHECK(b.preemptions == 1);
  CHECK(b.time_in_queue == Ticks{1072 - 712});
  CHECK(b.finish == Ticks{1072 + 150 + 20 + 120 + 121});
}

TEST_CASE("a victim admitted by another replica finds nothing of its own",
          "[reference][central][preemption]") {
  PoolConfig pool = token_pool(BatchMode::kContinuous, 100, 4, 2);
  pool.reuse_preempted = true;
  const auto run = run_by_hand(
      hand_cell({pool}),
      Demand().add(0, 0, tokens(4, 8)).add(0, 0, tokens(16, 1)).add(0, 1, tokens(4, 8)));
  CHECK(run.records[2].preemptions == 1);
  CHECK(run.records[2].replica == ReplicaId{1});
  CHECK(run.records[2].finish == Ticks{812 + 190 + 120 + 121});
}

TEST_CASE("a request of the lowest tier that needs a block is its own victim",
          "[reference][continuous][preemption]") {
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 4)}),
                               Demand().add(1, 0, tokens(4, 8)).add(0, 1, tokens(4, 8)));
  // Prefills 140 and 280; decodes 410, 542, 676, 812; there the first asks for a third block.
  CHECK(run.records[0].preemptions == 1);
  CHECK(run.records[1].preemptions == 0);
  CHECK(run.records[1].finish == Ticks{812 + 119 + 120 + 121});
  CHECK(run.records[0].finish == Ticks{1172 + 190 + 120 + 121});
}

TEST_CASE("a victim no longer abandons", "[reference][preemption][patience]") {
  const auto run =
      run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 4)}),
                  Demand().add(0, 0, tokens(4, 8)).add(0, 0, tokens(4, 8), Ticks{800}));
  CHECK(run.records[1].preemptions == 1);  // queued from 712 to 1072, past 800
  CHECK(run.records[1].end == EndState::kFinished);
}

TEST_CASE("under central, an idle replica takes another's victim at the same tick",
          "[reference][central][preemption]") {
  const auto run = run_by_hand(
      hand_cell({token_pool(BatchMode::kContinuous, 100, 4, 2)}),
      Demand().add(0, 0, tokens(4, 8)).add(0, 0, tokens(16, 1)).add(0, 1, tokens(4, 8)));
  CHECK(run.records[1].replica == ReplicaId{1});  // dense(16) = 260: replica 1 is inside its step
  // Replica 0 takes the third at 140; both decode from 280 to 812 as above; the third is the
  // victim and starts at 812 on replica 1 with 9 tokens.
  CHECK(run.records[2].preemptions == 1);
  CHECK(run.records[2].replica == ReplicaId{1});
  CHECK(run.records[2].time_in_queue == Ticks{139});  // 140 - 1, and no wait at 812
  CHECK(run.records[2].finish == Ticks{812 + 190 + 120 + 121});
}

TEST_CASE("chunked batching mixes decodes with what the token budget leaves for prompts",
          "[reference][chunked]") {
  PoolConfig pool = token_pool(BatchMode::kChunked, 8, 100);
  pool.steps = hand_steps(1000);
  const auto run =
      run_by_hand(hand_cell({pool}), Demand().add(0, 0, tokens(4, 4)).add(0, 0, tokens(10, 2)));
  // Step 1: 4 + 4 tokens, one token made: 180 + 1000.
  CHECK(run.records[0].first_token == Ticks{1180});
  // Step 2: decode with context 5 and the prompt's other 6 on 4: 170 + 2000 + 5 + 24.
  CHECK(run.records[1].first_token == Ticks{1180 + 2199});
  // Step 3: decodes with contexts 6 and 11: 120 + 2000 + 17.
  CHECK(run.records[1].finish == Ticks{3379 + 2137});
  // Step 4: context 7: 110 + 1000 + 7.
  CHECK(run.records[0].finish == Ticks{5516 + 1117});
  CHECK(run.counts.pools[0].steps == 4);
  CHECK(run.counts.pools[0].mixed == 1);
}

TEST_CASE("a prompt longer than the budget takes several steps, and its first starts its service",
          "[reference][chunked]") {
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kChunked, 4, 100)}),
                               Demand().add(0, 3, tokens(9, 1)));
  // Chunks of 4, 4, 1 on 0, 4, 8: 140, 140 + 16, 110 + 8. The last one is prefill, not a decode.
  CHECK(run.records[0].first_scheduled == Ticks{3});
  CHECK(run.records[0].first_token == Ticks{3 + 140 + 156 + 118});
  CHECK(run.counts.pools[0].mixed == 0);
}

TEST_CASE("a chunked step that preempted admits nobody, and a head that does not fit holds back",
          "[reference][chunked][preemption]") {
  const auto run = run_by_hand(
      hand_cell({token_pool(BatchMode::kChunked, 8, 3)}),
      Demand().add(0, 0, tokens(4, 6)).add(0, 0, tokens(4, 3)).add(0, 100, tokens(1, 1)));
  // Step 1: 8 tokens, 180. At 180 the first takes the third block, the second is its own victim.
  // The third request would fit in the block freed, but not in this step, and later the head (5
  // tokens, 2 blocks) holds it back: decodes of 115, 116, 117, 118, 119 from 180 to 765.
  CHECK(run.records[0].finish == Ticks{765});
  CHECK(run.records[1].preemptions == 1);
  CHECK(run.records[1].time_in_queue == Ticks{765 - 180});
  CHECK(run.records[2].first_scheduled == Ticks{765});
  CHECK(run.records[2].finish == Ticks{765 + 160});        // dense(5 + 1)
  CHECK(run.records[1].finish == Ticks{765 + 160 + 116});  // dense(1) + 6
}

TEST_CASE("a chunked head needs blocks for its first chunk only", "[reference][chunked]") {
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kChunked, 5, 3)}),
                               Demand().add(0, 0, tokens(5, 2)).add(0, 1, tokens(9, 1)));
  // At dense(5) = 150 the first holds 2 of 3 blocks and decodes; 4 of the budget are left, so 4 of
  // the second's 9 tokens start in the one block left: dense(5) + 6.
  CHECK(run.records[1].first_scheduled == Ticks{150});
  CHECK(run.records[0].finish == Ticks{150 + 156});
  // Its other 5 on the 4 computed: dense(5) + 5 * 4.
  CHECK(run.records[1].finish == Ticks{306 + 170});
  CHECK(run.records[1].preemptions == 0);
}

TEST_CASE("a head that does not fit holds back a lower tier that would", "[reference][tiers]") {
  const auto run =
      run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 3)}),
                  Demand().add(0, 0, tokens(5, 2)).add(0, 1, tokens(9, 1)).add(1, 1, tokens(1, 1)));
  // dense(5) = 150, then dense(1) + 6 = 116: the first leaves at 266.
  CHECK(run.records[1].first_scheduled == Ticks{266});  // 3 blocks
  CHECK(run.records[2].first_scheduled == Ticks{266 + 190});
}

TEST_CASE("what can never fit is refused with its reason, the context limit first",
          "[reference][rejection]") {
  PoolConfig pool = token_pool(BatchMode::kContinuous, 100, 2);
  pool.max_context = 10;
  const auto run =
      run_by_hand(hand_cell({pool}),
                  Demand().add(0, 0, tokens(5, 4)).add(0, 0, tokens(5, 5)).add(0, 0, tokens(5, 6)));
  CHECK(run.records[0].end == EndState::kFinished);             // 8 tokens held at most: 2 blocks
  CHECK(run.records[1].reason == RejectReason::kNeverFits);     // 9 tokens: 3 blocks
  CHECK(run.records[2].reason == RejectReason::kContextLimit);  // 11 > 10
  CHECK(run.records[2].end == EndState::kRejected);
  CHECK(run.records[2].finish == Ticks{0});
}

TEST_CASE("a refused hand-over ends its request on the stage that refused it",
          "[reference][rejection][stages]") {
  const auto run = run_by_hand(hand_cell({slots_pool(1, 1), token_pool(BatchMode::kChunked, 8, 1)},
                                         {hand_class(0, {PoolId{0}, PoolId{1}})}),
                               Demand().add(0, 5, service(10), kNever, {tokens(9, 9)}));
  CHECK(run.records[0].end == EndState::kRejected);
  CHECK(run.records[0].finish == Ticks{15});
  CHECK(run.records[0].stage == 1);
  CHECK(run.records[0].pool == PoolId{1});
  CHECK(run.records[0].replica == ReplicaId{0});
  CHECK(run.records[0].output_tokens == 9);
  CHECK(run.records[0].made_tokens == 0);
}

TEST_CASE("the first token of a second stage closes a gap that began on the first",
          "[reference][stages]") {
  const auto run = run_by_hand(hand_cell({token_pool(BatchMode::kContinuous, 100, 9),
                                          token_pool(BatchMode::kChunked, 100, 9)},
                                         {hand_class(0, {PoolId{0}, PoolId{1}})}),
                               Demand().add(0, 0, tokens(4, 1), kNever, {tokens(2, 1)}));
  CHECK(run.records[0].first_token == Ticks{140});       // dense(4)
  CHECK(run.records[0].last_token == Ticks{140 + 120});  // dense(2)
  CHECK(run.counts.gaps[0].sum == 120);
  CHECK(run.records[0].output_tokens == 2);
  CHECK(run.records[0].prompt_tokens == 4);
}

}  // namespace
}  // namespace headroom::reference

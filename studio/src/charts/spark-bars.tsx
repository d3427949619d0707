/** Small bars in a row, the newest at the right. It is a picture: what it shows stands beside it in words. */
export function SparkBars({ values, places = 60 }: { values: readonly number[]; places?: number }) {
  const most = Math.max(1, ...values);
  const first = places - values.length;
  return (
    <svg class="spark-bars" viewBox={`0 0 ${places * 4} 48`} preserveAspectRatio="none" aria-hidden="true">
      {values.map((value, at) => {
        const height = Math.max(1, (value / most) * 46);
        return <rect key={at} x={(first + at) * 4} y={48 - height} width="3" height={height} rx="1" />;
      })}
    </svg>
  );
}
